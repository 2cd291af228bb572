export const handler = async (event) => ({
  statusCode: 201,
  cookies: ["session=1; HttpOnly", "seen=" + (event.cookies ?? []).length],
  headers: { "content-type": "text/plain", "x-encoded": event.isBase64Encoded },
  body: Buffer.from(event.body ?? "", event.isBase64Encoded ? "base64" : "utf8").toString(),
});
