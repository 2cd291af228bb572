const pets = [
  { id: 1, type: 'dog', name: 'Argos' },
  { id: 2, type: 'cat', name: 'Hodge' },
];

// What isn't a structured answer becomes one: 200 with JSON.
const routes = {
  'GET /pets': () => pets,
  'GET /pets/{petId}': ({ pathParameters }) =>
    pets.find((p) => p.id === Number(pathParameters.petId)) ?? answer(404, `there is no pet ${pathParameters.petId}`),
  'POST /pets': ({ body, isBase64Encoded, requestContext }) => {
    const text = isBase64Encoded ? Buffer.from(body, 'base64').toString() : body;
    try {
      const { type, name } = JSON.parse(text);
      if (!type || !name) return answer(400, 'a pet has a type and a name');
      pets.push({ id: pets.length + 1, type, name, by: requestContext.authorizer.lambda.who });
      return { statusCode: 201, headers: { location: `/pets/${pets.length}` }, body: JSON.stringify(pets.at(-1)) };
    } catch {
      return answer(400, 'the body is no JSON');
    }
  },
  $default: ({ rawPath }) => answer(404, `there is no ${rawPath}`),
};

const answer = (statusCode, message) => ({
  statusCode,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ message }),
});

export const handler = async (event) => routes[event.routeKey](event);
