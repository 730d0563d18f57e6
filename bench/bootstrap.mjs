/**
 * The process of a function, in place of `aws-lambda-ric` 4, which `nodejs24.x` runs and which needs a
 * native build. The same steps in the same order: `require` node:http and others, make an agent, `import()`
 * the handler, then take events.
 *
 * Events come from environment.ts over the channel of node:child_process, not over HTTP: aws-lambda-ric asks
 * the runtime API from native code, so node:http is not warmed for the handler. Plain JavaScript, because
 * loading TypeScript would be part of every cold start.
 */
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const { Agent } = require('node:http');
const { existsSync } = require('node:fs');
const { basename, dirname, resolve } = require('node:path');
require('node:worker_threads');
new Agent({ keepAlive: true, maxSockets: 1 });
globalThis.awslambda = {};

const { _HANDLER, LAMBDA_TASK_ROOT } = process.env;
const context = {
  awsRequestId: crypto.randomUUID(),
  functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
  memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
  getRemainingTimeInMillis: () => 10_000,
};

async function loadHandler() {
  const [module, name] = basename(_HANDLER).split('.');
  const path = resolve(LAMBDA_TASK_ROOT, dirname(_HANDLER), module);
  const extension = ['.js', '.mjs', '.cjs'].find((candidate) => existsSync(path + candidate));
  const loaded = await import(path + extension);
  return loaded[name] ?? loaded.default[name];
}

/**
 * Calls the handler with each event in turn, without the channel between the calls.
 *
 * @returns CPU time a call of the whole process (garbage collection and V8's compilers included), median
 *   wall time, mean of the billed time (whole milliseconds a call), and the number of answers by status
 */
async function measureWarm({ warmUp, measured }) {
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

// A failure to load, or an error of the handler, ends the process with its stack on standard error.
const handler = await loadHandler();
process.on('disconnect', () => process.exit());
process.on('message', async (event) => {
  const response = await (event.measured ? measureWarm(event) : handler(event, context));
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  const cpuMs = (userCPUTime + systemCPUTime) / 1_000;
  process.send({ response, cpuMs, peakMb: (maxRSS * 1_024) / 1_000_000 });
});
