// CommonJS with a handler that calls back.
exports.count = (event, context, callback) => {
  const text = event.isBase64Encoded ? Buffer.from(event.body, 'base64').toString() : event.body;
  if (!text) {
    return callback(null, { statusCode: 400, body: JSON.stringify({ message: 'the body holds no words' }) });
  }
  const counts = {};
  for (const word of text.toLowerCase().match(/\p{L}+/gu) ?? []) counts[word] = (counts[word] ?? 0) + 1;
  setImmediate(() => callback(null, {
    statusCode: 200,
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(counts),
  }));
};
