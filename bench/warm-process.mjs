/**
 * One warm function: loads a packaged handler, calls it with one event after the other, and reports the
 * CPU time that the operating system has accounted to this process meanwhile: all threads, so garbage
 * collection and V8's compilers as well. Plain JavaScript, as the package itself is.
 *
 * argv: the module, the export, a JSON file with { warmUp: events, measured: events }
 */
import { readFileSync } from 'node:fs';

const [path, name, file] = process.argv.slice(2);
const loaded = await import(path);
const handler = loaded[name] ?? loaded.default[name];
const { warmUp, measured } = JSON.parse(readFileSync(file, 'utf8'));
const deadline = Date.now() + 600_000;
const context = {
  awsRequestId: '2a1c1b1e-93a5-4a3e-9a29-6f6f0f8f1d11',
  functionName: 'bench',
  memoryLimitInMB: '512',
  getRemainingTimeInMillis: () => Math.min(10_000, deadline - Date.now()),
};

const statuses = {};
let billedMs = 0;
async function call(event) {
  const start = performance.now();
  const { statusCode } = await handler(event, context);
  // Lambda charges every invocation by itself, in whole milliseconds.
  billedMs += Math.max(1, Math.ceil(performance.now() - start));
  statuses[statusCode] = (statuses[statusCode] ?? 0) + 1;
}

for (const event of warmUp) await call(event);
billedMs = 0;
const cpu = process.cpuUsage();
const start = process.hrtime.bigint();
for (const event of measured) await call(event);
const wallUs = Number(process.hrtime.bigint() - start) / 1_000;
const { user, system } = process.cpuUsage(cpu);
process.send({
  cpuUs: (user + system) / measured.length,
  wallUs: wallUs / measured.length,
  billedMs: billedMs / measured.length,
  statuses,
});
process.disconnect();
process.exit(0);
