// An object without statusCode is the answer itself: 200, application/json.
export const handler = async (event) => ({
  name: event.pathParameters.name,
  greeting: event.queryStringParameters?.language?.startsWith("fr") ? "Bonjour" : "Hello",
  route: event.headers["x-route"],
});
