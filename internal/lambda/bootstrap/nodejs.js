'use strict';
// The runtime of nodejs functions: asks the Runtime API for events, calls the
// handler, posts what comes of it. Names, order and words of errors are those
// of AWS's own client for Node.js. It reads the Runtime API by hand: loading
// node's http module would cost a third of a cold start.

const net = require('net');
const path = require('path');
const fs = require('fs');
const util = require('util');
const { Writable } = require('stream');

const env = process.env;
// What differs between runtimes goes by the runtime's name, not by the node at
// hand, so that it is the same here as on Lambda.
const version = Number(/\d+/.exec(env.AWS_EXECUTION_ENV)[0]);
process.title = 'function ' + env.AWS_LAMBDA_FUNCTION_NAME;

// Errors

function errorClass(name) {
  const c = { [name]: class extends Error {} }[name];
  c.prototype.name = 'Runtime.' + name;
  return c;
}
const ImportModuleError = errorClass('ImportModuleError');
const HandlerNotFound = errorClass('HandlerNotFound');
const MalformedHandlerName = errorClass('MalformedHandlerName');
const UserCodeSyntaxError = errorClass('UserCodeSyntaxError');
const MalformedStreamingHandler = errorClass('MalformedStreamingHandler');
const InvalidStreamingOperation = errorClass('InvalidStreamingOperation');
const UnhandledPromiseRejection = errorClass('UnhandledPromiseRejection');
const NodeJsExit = errorClass('NodeJsExit');
const CallbackHandlerDeprecated = errorClass('CallbackHandlerDeprecated');

function isError(e) {
  return util.types.isNativeError(e) || (e && e.name && e.message && e.stack);
}

// What a caller gets of an error.
function errorDocument(e) {
  const clean = (s) => s && s.replaceAll('\x7F', '%7F');
  try {
    if (isError(e)) {
      return { errorType: clean(e.name), errorMessage: clean(e.message), trace: clean(e.stack).split('\n') };
    }
    return { errorType: typeof e, errorMessage: e.toString(), trace: [] };
  } catch {
    return {
      errorType: 'handled',
      errorMessage: 'callback called with Error argument, but there was a problem while retrieving one or more of its message, name, and stack',
    };
  }
}

// Logging: each call is one line, its own line feeds as carriage returns.

let requestId;

function log(level, ...args) {
  const line = `${new Date().toISOString()}\t${requestId}\t${level}\t${util.format(...args)}`;
  process.stdout.write(line.replace(/\n/g, '\r') + '\n');
}

function logError(what, e) {
  const detail = (_, v) => v instanceof Error
    ? { errorType: v.name, errorMessage: v.message, code: v.code, ...v, stack: String(v.stack).split('\n') }
    : v;
  let text;
  try {
    text = JSON.stringify(e, detail);
  } catch {
    text = JSON.stringify(errorDocument(e));
  }
  log('ERROR', `${what} \t${text}`);
}

for (const [name, level] of Object.entries({ log: 'INFO', info: 'INFO', debug: 'DEBUG', warn: 'WARN', error: 'ERROR', trace: 'TRACE' })) {
  console[name] = (...args) => log(level, ...args);
}

// The Runtime API: one request at a time on one connection, which keeps the
// process alive only while an answer is awaited.

const [apiHost, apiPort] = env.AWS_LAMBDA_RUNTIME_API.split(':');
const prefix = '/2018-06-01/runtime/';
let socket = null;
let waiting = null; // resolve, reject of the answer
let received = [];

function connection() {
  if (socket) return socket;
  const s = net.connect(Number(apiPort), apiHost);
  socket = s;
  received = [];
  s.setNoDelay(true);
  s.on('data', (chunk) => {
    received.push(chunk);
    readAnswer(s);
  });
  const lost = (e) => {
    if (socket !== s) return;
    socket = null;
    settle('reject', e instanceof Error ? e : new Error('the Runtime API closed the connection'));
  };
  s.on('error', lost);
  s.on('close', lost);
  return s;
}

function settle(how, value) {
  const w = waiting;
  waiting = null;
  if (w) w[how](value);
}

function readAnswer(s) {
  if (received.length > 1 && received.need > received.reduce((n, c) => n + c.length, 0)) return;
  const all = received.length === 1 ? received[0] : Buffer.concat(received);
  received = [all];
  const end = all.indexOf('\r\n\r\n');
  if (end < 0) return;
  const lines = all.toString('latin1', 0, end).split('\r\n');
  const headers = {};
  for (const line of lines.slice(1)) {
    const colon = line.indexOf(':');
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  const need = end + 4 + Number(headers['content-length'] || 0);
  if (all.length < need) {
    received.need = need;
    return;
  }
  received = [];
  if (headers.connection === 'close') {
    socket = null;
    s.destroy();
  }
  settle('resolve', { status: Number(lines[0].split(' ')[1]), headers, body: all.toString('utf8', end + 4, need) });
}

function answerOf(s) {
  s.ref();
  return new Promise((resolve, reject) => {
    waiting = { resolve, reject };
  }).finally(() => s.unref());
}

function get(target) {
  const s = connection();
  s.write(`GET ${prefix}${target} HTTP/1.1\r\nHost: ${env.AWS_LAMBDA_RUNTIME_API}\r\n\r\n`);
  return answerOf(s);
}

function post(target, body, fields = '') {
  const s = connection();
  const head = `POST ${prefix}${target} HTTP/1.1\r\nHost: ${env.AWS_LAMBDA_RUNTIME_API}\r\nContent-Type: application/json\r\n${fields}`;
  s.write(`${head}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
  return answerOf(s);
}

function postError(target, e) {
  const doc = errorDocument(e);
  const type = String(doc.errorType).replace(/[^\x20-\x7e]/g, '?');
  return post(target, JSON.stringify(doc), `Lambda-Runtime-Function-Error-Type: ${type}\r\n`);
}

function serialize(result) {
  try {
    return JSON.stringify(result === undefined ? null : result) ?? 'null';
  } catch {
    throw new Error('Unable to stringify response body');
  }
}

// A response stream: chunks on the connection, an error as trailers.

const trailers = ['Lambda-Runtime-Function-Error-Type', 'Lambda-Runtime-Function-Error-Body'];

class ResponseStream extends Writable {
  constructor(id, highWaterMark) {
    super({ decodeStrings: true, ...(highWaterMark && { highWaterMark }) });
    this.id = id;
    this.contentType = 'application/octet-stream';
    this.begun = false;
    this.answered = new Promise((resolve, reject) => Object.assign(this, { resolve, reject }));
    this.answered.catch(() => {});
    this.on('error', () => {}); // told by the handler's own promise
  }

  setContentType(type) {
    if (this.written) throw new InvalidStreamingOperation('Cannot set content-type, too late.');
    this.contentType = type;
  }

  write(chunk, encoding, callback) {
    if (typeof chunk !== 'string' && !Buffer.isBuffer(chunk) && chunk?.constructor !== Uint8Array) chunk = JSON.stringify(chunk);
    if (!this.written) {
      this.written = true;
      this._onBeforeFirstWrite?.((c) => super.write(c));
    }
    return super.write(chunk, encoding, callback);
  }

  begin() {
    if (this.begun) return;
    this.begun = true;
    this.socket = connection();
    answerOf(this.socket).then(this.resolve, this.reject);
    const type = String(this.contentType).replace(/[^\x20-\x7e]/g, '');
    this.socket.write(`POST ${prefix}invocation/${this.id}/response HTTP/1.1\r\nHost: ${env.AWS_LAMBDA_RUNTIME_API}\r\n` +
      `Lambda-Runtime-Function-Response-Mode: streaming\r\nTransfer-Encoding: chunked\r\nTrailer: ${trailers.join(', ')}\r\nContent-Type: ${type}\r\n\r\n`);
  }

  _write(chunk, _encoding, callback) {
    this.begin();
    if (chunk.length === 0) return callback();
    this.socket.cork();
    this.socket.write(chunk.length.toString(16) + '\r\n');
    this.socket.write(chunk);
    this.socket.write('\r\n', callback);
    this.socket.uncork();
  }

  _final(callback) {
    this.begin();
    this.closed_ = true;
    this.socket.write(`0\r\n${this.failure || ''}\r\n`);
    this.answered.then(() => callback(), callback);
  }

  // Ends the stream, behind what was written, with what went wrong.
  fail(e) {
    if (this.closed_) return this.answered;
    const doc = errorDocument(e);
    const type = String(doc.errorType).replace(/[^\x20-\x7e]/g, '?');
    const body = Buffer.from(JSON.stringify(doc)).toString('base64');
    this.failure = `${trailers[0]}: ${type}\r\n${trailers[1]}: ${body}\r\n`;
    if (this.destroyed) this._final(nothing);
    else if (!this.writableEnded) this.end();
    return this.answered;
  }
}

// Loading the handler

const STREAMING = Symbol.for('aws.lambda.runtime.handler.streaming');
const HIGH_WATER_MARK = Symbol.for('aws.lambda.runtime.handler.streaming.highWaterMark');

globalThis.awslambda = {
  streamifyResponse(handler, options) {
    handler[STREAMING] = 'response';
    if (typeof options?.highWaterMark === 'number') handler[HIGH_WATER_MARK] = Math.trunc(options.highWaterMark);
    return handler;
  },
  HttpResponseStream: class HttpResponseStream {
    static from(stream, prelude) {
      stream.setContentType('application/vnd.awslambda.http-integration-response');
      const head = JSON.stringify(prelude);
      stream._onBeforeFirstWrite = (write) => {
        write(head);
        write(new Uint8Array(8));
      };
      return stream;
    }
  },
};

// Says whether the package.json nearest to folder makes its .js files modules.
function modules(folder) {
  for (;;) {
    if (path.basename(folder) === 'node_modules') return false;
    try {
      return JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8')).type === 'module';
    } catch (e) {
      if (e.code !== 'ENOENT') {
        console.warn(`${folder}/package.json cannot be read, it will be ignored for ES module detection purposes.`, e);
        return false;
      }
    }
    const above = path.dirname(folder);
    if (above === folder) return false;
    folder = above;
  }
}

async function loadModule(root, folder, name) {
  const { createRequire } = require('module');
  const file = path.resolve(root, folder, name);
  const load = createRequire(path.join(root, 'runtime.js'));
  const bring = (f) => import(require('url').pathToFileURL(f).href);
  const isFile = (f) => fs.existsSync(f) && fs.statSync(f).isFile();
  if (isFile(file)) return load(file);
  if (fs.existsSync(file + '.js')) return modules(path.dirname(file)) ? bring(file + '.js') : load(file + '.js');
  if (fs.existsSync(file + '.mjs')) return bring(file + '.mjs');
  if (fs.existsSync(file + '.cjs')) return load(file + '.cjs');
  return load(load.resolve(name, { paths: [root, path.resolve(root, folder)] }));
}

async function loadHandler(root, handler) {
  if (handler.includes('..')) {
    throw new MalformedHandlerName(`'${handler}' is not a valid handler name. Use absolute paths when specifying root directories in handler names.`);
  }
  const base = path.basename(handler);
  const match = base.match(/^([^.]*)\.(.*)$/);
  if (!match) throw new MalformedHandlerName('Bad handler');
  let app;
  try {
    app = await loadModule(root, handler.substring(0, handler.indexOf(base)), match[1]);
  } catch (e) {
    if (e instanceof SyntaxError) throw new UserCodeSyntaxError(e);
    if (e?.code === 'MODULE_NOT_FOUND') throw new ImportModuleError(e);
    throw e;
  }
  const f = match[2].split('.').reduce((object, key) => object && object[key], app);
  if (!f) throw new HandlerNotFound(`${handler} is undefined or not exported`);
  if (typeof f !== 'function') throw new HandlerNotFound(`${handler} is not a function`);
  return f;
}

// Invocations

const nothing = () => {};
let whenIdle = nothing; // called when nothing keeps the process alive
process.on('beforeExit', () => whenIdle());

let onFatal = (e, status) => leave(postError('init/error', e), status);

function leave(posted, status) {
  posted.catch(nothing).then(() => process.exit(status));
}

process.on('uncaughtException', (e) => {
  logError('Uncaught Exception', e);
  onFatal(e, 129);
});
process.on('unhandledRejection', (reason) => {
  const e = new UnhandledPromiseRejection(reason);
  e.reason = reason;
  logError('Unhandled Promise Rejection', e);
  onFatal(e, 128);
});

function contextOf(headers) {
  const parse = (name, what) => {
    if (headers[name] === undefined) return undefined;
    try {
      return JSON.parse(Buffer.from(headers[name], 'latin1').toString('utf8'));
    } catch (e) {
      throw new Error(`Cannot parse ${what} as json: ${e}`);
    }
  };
  const deadline = Number(headers['lambda-runtime-deadline-ms']);
  return {
    functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
    functionName: env.AWS_LAMBDA_FUNCTION_NAME,
    memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
    clientContext: parse('lambda-runtime-client-context', 'ClientContext'),
    identity: parse('lambda-runtime-cognito-identity', 'CognitoIdentity'),
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    awsRequestId: headers['lambda-runtime-aws-request-id'],
    getRemainingTimeInMillis: () => deadline - Date.now(),
  };
}

// The callback of a handler and what its context has besides the data. The
// first call of any counts.
function completion(id, next) {
  let finished = false;
  let wait = true;
  const first = (f) => (...args) => {
    if (finished) return;
    f(...args);
    finished = true;
  };
  const fail = (e) => {
    logError('Invoke Error', e);
    postError(`invocation/${id}/error`, e).then(next, nothing);
  };
  const complete = (result) => {
    post(`invocation/${id}/response`, serialize(result)).then(next, nothing);
  };
  const done = (e, result) => {
    whenIdle = nothing;
    if (e !== undefined && e !== null) fail(e);
    else complete(result);
  };
  const callback = first((e, result) => {
    whenIdle = nothing;
    if (e !== undefined && e !== null) return fail(e);
    if (!wait) return complete(result);
    whenIdle = () => {
      whenIdle = nothing;
      try {
        complete(result);
      } catch (e) {
        fail(e);
      }
    };
  });
  const waits = {
    get callbackWaitsForEmptyEventLoop() { return wait; },
    set callbackWaitsForEmptyEventLoop(value) { wait = value; },
  };
  const old = { succeed: first((r) => done(null, r)), fail: first((e) => done(e ?? 'handled', null)), done: first(done) };
  return { callback, settled: { succeed: old.succeed, fail: old.fail }, context: version < 24 ? Object.assign(waits, old) : waits };
}

function isPromise(v) {
  return v && typeof v.then === 'function';
}

function runPlain(handler, isAsync, event, context, id, next) {
  const c = completion(id, next);
  whenIdle = () => {
    whenIdle = nothing;
    if (!isAsync) return c.settled.succeed(null);
    c.settled.fail(new NodeJsExit('The Lambda runtime client detected an unexpected Node.js exit code. This is most commonly caused by a Promise that was never settled. For more information, see https://nodejs.org/docs/latest/api/process.html#exit-codes'));
  };
  try {
    // Descriptors, not values: callbackWaitsForEmptyEventLoop is an accessor.
    const result = handler(JSON.parse(event), Object.assign(c.context, context()), c.callback);
    if (isPromise(result)) result.then(c.settled.succeed, c.settled.fail).catch(c.settled.fail);
    else if (version >= 24 && !isAsync) c.settled.succeed(result);
  } catch (e) {
    c.callback(e);
  }
}

async function runStreaming(handler, event, context, id, next) {
  const stream = new ResponseStream(id, handler[HIGH_WATER_MARK]);
  const fail = async (e) => {
    logError('Invoke Error', e);
    await stream.fail(e).catch(nothing);
    next();
  };
  whenIdle = () => {
    whenIdle = nothing;
    fail(new NodeJsExit('The response stream was never ended.'));
  };
  onFatal = (e, status) => leave(stream.fail(e), status);
  try {
    const pending = handler(JSON.parse(event), stream, context());
    if (!isPromise(pending)) return await fail('Streaming does not support non-async handlers.');
    if (await pending !== undefined) console.warn('Streaming handlers ignore return values.');
    await stream.answered;
  } catch (e) {
    return fail(e);
  }
  next();
}

async function main() {
  const handler = await loadHandler(env.LAMBDA_TASK_ROOT, env._HANDLER);
  const streaming = handler[STREAMING];
  if (streaming && streaming !== 'response') throw new MalformedStreamingHandler('Only response streaming is supported.');
  const isAsync = handler.constructor?.name === 'AsyncFunction';
  if (version >= 24 && !streaming && handler.length >= 3) {
    throw new CallbackHandlerDeprecated('AWS Lambda has removed support for callback-based function handlers starting with Node.js 24. You need to modify this function to use a supported handler signature to use Node.js 24 or later. For more information see https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html.');
  }
  const once = async () => {
    whenIdle = nothing;
    const { headers, body } = await get('invocation/next');
    const id = headers['lambda-runtime-aws-request-id'];
    if (!id) process.exit(1); // the Runtime API is going away
    requestId = id;
    if (headers['lambda-runtime-trace-id']) env._X_AMZN_TRACE_ID = headers['lambda-runtime-trace-id'];
    else delete env._X_AMZN_TRACE_ID;
    onFatal = (e, status) => leave(postError(`invocation/${id}/error`, e), status);
    const context = () => contextOf(headers);
    if (streaming) runStreaming(handler, body, context, id, next);
    else runPlain(handler, isAsync, body, context, id, next);
  };
  const next = () => setImmediate(() => once().catch(() => process.exit(1)));
  next();
}

main().catch((e) => {
  logError('Uncaught Exception', e);
  onFatal(e, 1);
});
//# sourceURL=gatehouse-nodejs
