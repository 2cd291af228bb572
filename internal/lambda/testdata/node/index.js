// What a test's event asks for, in the forms that handlers come in.
const calls = { count: 0 };

exports.async = async (event, context) => {
  calls.count++;
  switch (event.do) {
    case 'throw': throw new RangeError('as told');
    case 'reject': return Promise.reject(new TypeError('as told'));
    case 'throw text': throw 'as told';
    case 'never': return new Promise(() => {});
    case 'crash': setTimeout(() => { throw new Error('as told'); }, 1); return new Promise((r) => setTimeout(r, 5000));
    case 'unhandled': Promise.reject(new Error('as told')); return new Promise((r) => setTimeout(r, 5000));
    case 'exit': process.exit(3);
    case 'spin': for (;;);
    case 'log': console.log('two\nlines', { a: 1 }); console.error('wrong'); console.debug('small'); return null;
    case 'nothing': return undefined;
    case 'circular': { const c = {}; c.c = c; return c; }
    case 'large': return 'x'.repeat(event.size - 2);
    case 'memory': { const all = []; for (;;) all.push(new Array(1e5).fill(all.length + 0.5)); }
    case 'context': return {
      name: context.functionName, version: context.functionVersion, memory: context.memoryLimitInMB, arn: context.invokedFunctionArn,
      group: context.logGroupName, stream: context.logStreamName.includes('[$LATEST]'), left: context.getRemainingTimeInMillis() > 1000,
      client: context.clientContext, waits: context.callbackWaitsForEmptyEventLoop, id: context.awsRequestId, trace: process.env._X_AMZN_TRACE_ID,
      handler: process.env._HANDLER, runtime: process.env.AWS_EXECUTION_ENV,
    };
  }
  return event;
};

exports.callback = (event, context, callback) => {
  if (event.do === 'fail') return callback(new Error('as told'));
  if (event.do === 'fail text') return callback('as told');
  if (event.do === 'silent') return undefined;
  if (event.do === 'throw') throw new Error('as told');
  if (event.do === 'at once') {
    context.callbackWaitsForEmptyEventLoop = false;
    setTimeout(() => {}, 60000);
    return callback(null, 'at once');
  }
  if (event.do === 'later') setTimeout(() => callback(null, 'later'), 5);
  else if (event.do === 'done') context.done(null, 'done');
  else if (event.do === 'succeed') context.succeed('succeeded');
  else callback(null, event);
};

exports.sync = () => 'ignored';
exports.nested = { deep: async () => 'deep' };
exports.notFunction = 1;

exports.stream = awslambda.streamifyResponse(async (event, out) => {
  if (event.do === 'http') out = awslambda.HttpResponseStream.from(out, { statusCode: 201 });
  else out.setContentType('text/plain');
  out.write('one ');
  if (event.do === 'break') throw new Error('as told');
  await new Promise((r) => setTimeout(r, 5));
  out.write({ two: 2 });
  out.end();
});

exports.events = async (event) => {
  if (event.Records) return event.Records.map((r) => r.s3?.object.key ?? r.Sns?.Message ?? Buffer.from(r.kinesis.data, 'base64').toString());
  if (event.requestContext?.http) return { statusCode: 200, body: JSON.stringify({ route: event.routeKey, path: event.rawPath }) };
  return { statusCode: 200, headers: { 'x-path': event.path }, body: event.httpMethod, isBase64Encoded: false };
};
