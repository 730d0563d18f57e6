/**
 * What stands between Lambda and a handler: a page in place of `aws-lambda-ric` 4, which `nodejs24.x`
 * runs and which needs a native build. It does what that one does before and around a call, in the
 * same order: an ES module that `require`s node:http and friends, makes an agent, loads the handler
 * with `import()` (a .cjs as well), then asks the runtime API for events one by one.
 *
 * aws-lambda-ric speaks to the API from native code, so that the first HTTP request that JavaScript
 * makes is the handler's own. Hence the bare socket here: node:http stays cold for the handler.
 * https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
 *
 * Plain JavaScript, because loading TypeScript would be part of every cold start.
 */
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const { Agent } = require('node:http');
const { connect } = require('node:net');
const { existsSync } = require('node:fs');
const { basename, dirname, resolve } = require('node:path');
require('node:worker_threads');
new Agent({ keepAlive: true, maxSockets: 1 });
globalThis.awslambda = {};

const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(':');
const socket = connect({ host, port: Number(port), noDelay: true });
let received = Buffer.alloc(0);
let wake = () => {};
socket.on('data', (chunk) => {
  received = Buffer.concat([received, chunk]);
  wake();
});
// The server goes when the measurement is over.
socket.on('close', () => process.exit(0));

/** One exchange with the server of runtime-api.ts, which always sends a Content-Length. */
async function exchange(method, path, body = '', headers = {}) {
  const head = { Host: host, 'Content-Length': Buffer.byteLength(body), ...headers };
  const lines = Object.entries(head).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`${method} /2018-06-01/runtime${path} HTTP/1.1\r\n${lines.join('')}\r\n${body}`);
  for (;;) {
    const end = received.indexOf('\r\n\r\n');
    if (end !== -1) {
      const fields = new Map(
        received
          .toString('latin1', 0, end)
          .split('\r\n')
          .slice(1)
          .map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line]),
      );
      const value = (name) =>
        fields
          .get(name)
          ?.slice(name.length + 1)
          .trim();
      const length = Number(value('content-length'));
      if (received.length >= end + 4 + length) {
        const text = received.toString('utf8', end + 4, end + 4 + length);
        received = received.subarray(end + 4 + length);
        return { text, value };
      }
    }
    await new Promise((settle) => {
      wake = settle;
    });
  }
}

async function loadHandler() {
  const [module, name] = basename(process.env._HANDLER).split('.');
  const path = resolve(process.env.LAMBDA_TASK_ROOT, dirname(process.env._HANDLER), module);
  const extension = ['.js', '.mjs', '.cjs'].find((candidate) => existsSync(path + candidate));
  const loaded = await import(path + extension);
  return loaded[name] ?? loaded.default[name];
}

function describe(error) {
  return JSON.stringify({ errorType: error?.name, errorMessage: error?.stack ?? String(error) });
}

/** What the operating system has accounted to this process so far. */
function usage() {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  return { 'Bench-Cpu-Us': userCPUTime + systemCPUTime, 'Bench-Max-Rss-Kb': maxRSS };
}

let handler;
try {
  handler = await loadHandler();
} catch (error) {
  await exchange('POST', '/init/error', describe(error));
  process.exit(1);
}
for (;;) {
  const { text, value } = await exchange('GET', '/invocation/next');
  const requestId = value('lambda-runtime-aws-request-id');
  const deadline = Number(value('lambda-runtime-deadline-ms'));
  const context = {
    awsRequestId: requestId,
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    getRemainingTimeInMillis: () => deadline - Date.now(),
  };
  try {
    const result = JSON.stringify(await handler(JSON.parse(text), context));
    await exchange('POST', `/invocation/${requestId}/response`, result, usage());
  } catch (error) {
    await exchange('POST', `/invocation/${requestId}/error`, describe(error));
  }
}
