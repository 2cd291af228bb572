// A handler that streams: the client reads each sentence while the next one is
// thought up.
import { setTimeout } from 'node:timers/promises';

const pause = Number(process.env.PAUSE_MS ?? 300);

export const handler = awslambda.streamifyResponse(async (event, stream) => {
  stream = awslambda.HttpResponseStream.from(stream, {
    statusCode: 200,
    headers: { 'Content-Type': 'text/plain; charset=utf-8' },
  });
  const { name } = event.pathParameters;
  for (const sentence of [`Once there was ${name}.`, `${name} read every page of the guide.`, 'And it worked.']) {
    stream.write(sentence + '\n');
    await setTimeout(pause);
  }
  stream.end();
});
