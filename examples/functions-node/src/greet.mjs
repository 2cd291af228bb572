// An ES module with an asynchronous handler.
const greetings = { en: 'Hello', de: 'Guten Tag', fr: 'Bonjour' };

export const handler = async (event, context) => {
  const asked = event.headers?.['Accept-Language']?.slice(0, 2);
  const language = asked in greetings ? asked : process.env.DEFAULT_LANGUAGE;
  console.log('greeting in', language, 'with', context.getRemainingTimeInMillis() > 0 ? 'time left' : 'no time left');
  return {
    statusCode: 200,
    headers: { 'Content-Type': 'application/json', 'Content-Language': language },
    body: JSON.stringify({ greeting: `${greetings[language]}, ${event.pathParameters.name}!` }),
  };
};
