/**
 * The process of a function, in place of `aws-lambda-ric` 4, which `nodejs24.x` runs and which needs a
 * native build. The same steps in the same order: `require` node:http and others, make an agent, `import()`
 * the handler, then ask the runtime API for events.
 *
 * A bare socket speaks to the API, since aws-lambda-ric does so from native code: node:http stays cold for
 * the handler. Plain JavaScript, because loading TypeScript would be part of every cold start.
 * https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
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
// The server closes when the measurement is over.
socket.on('error', () => process.exit(0));
socket.on('close', () => process.exit(0));

/** One exchange with the server of environment.ts, which always sends a Content-Length. */
async function exchange(method, path, body = '', headers = {}) {
  const head = { Host: host, 'Content-Length': Buffer.byteLength(body), ...headers };
  const lines = Object.entries(head).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`${method} /2018-06-01/runtime${path} HTTP/1.1\r\n${lines.join('')}\r\n${body}`);
  for (;;) {
    const end = received.indexOf('\r\n\r\n');
    const answer = received.toString('latin1', 0, Math.max(end, 0));
    const value = (name) => answer.match(new RegExp(`^${name}: *(.*)$`, 'im'))?.[1];
    const bodyEnd = end + 4 + Number(value('content-length'));
    if (end !== -1 && received.length >= bodyEnd) {
      const text = received.toString('utf8', end + 4, bodyEnd);
      received = received.subarray(bodyEnd);
      return { text, value };
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

/**
 * Calls the handler with one event after the other, without the runtime API between them.
 *
 * @returns CPU time a call of the whole process (garbage collection and V8's compilers included), median
 *   wall time, mean of the billed time (whole milliseconds a call), and how often each status was answered
 */
async function measureWarm({ warmUp, measured }, context) {
  const statuses = {};
  const call = async (event) => {
    const start = performance.now();
    const { statusCode, isAuthorized } = await handler(event, context);
    const wallMs = performance.now() - start;
    const status = statusCode ?? (isAuthorized ? 200 : 403);
    statuses[status] = (statuses[status] ?? 0) + 1;
    return wallMs;
  };
  for (const event of warmUp) await call(event);
  const wallMs = [];
  const cpu = process.cpuUsage();
  for (const event of measured) wallMs.push(await call(event));
  const { user, system } = process.cpuUsage(cpu);
  const billed = wallMs.map((each) => Math.max(1, Math.ceil(each)));
  return {
    cpuUs: (user + system) / measured.length,
    wallUs: wallMs.sort((one, other) => one - other)[Math.floor(measured.length / 2)] * 1_000,
    billedMs: billed.reduce((sum, each) => sum + each, 0) / measured.length,
    statuses,
  };
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
    getRemainingTimeInMillis: () => Math.min(10_000, deadline - Date.now()),
  };
  try {
    const event = JSON.parse(text);
    const answer = event.measured ? measureWarm(event, context) : handler(event, context);
    await exchange(
      'POST',
      `/invocation/${requestId}/response`,
      JSON.stringify(await answer),
      usage(),
    );
  } catch (error) {
    await exchange('POST', `/invocation/${requestId}/error`, describe(error));
  }
}
