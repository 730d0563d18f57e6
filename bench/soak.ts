/**
 * npm run soak                                 16,000 requests, some two minutes
 * npm run soak -- --requests 1500              fewer
 * npm run soak -- --requests 1500 --seed 7     the same users and the same events as another run's
 *
 * A mixed load over HTTP (log-ins, /me, logout of this, others and everywhere, refreshes, garbage) while
 * functions' processes are killed and the wire to the store breaks in many ways. At the end, an audit of
 * every session: one whose logout was answered 200 is dead, one that nobody logged out is alive, and one
 * whose logout was answered 500 or not at all is one of the two.
 *
 * Ends with 1 when an answer or a session is not as the answers promised; with 130 after Ctrl-C.
 */
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { positiveNumber, runCommand } from '../support/command-line.ts';
import { soakReport } from './soak/report.ts';
import { soak } from './soak/run.ts';
import { openStack } from './soak/stack.ts';

const BAR_WIDTH = 30;
/** How often progress is shown, in milliseconds; in a log, a line each time. */
const PROGRESS_EVERY_MS = process.stderr.isTTY ? 200 : 10_000;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      requests: { type: 'string', default: '16000' },
      users: { type: 'string', default: '16' },
      seed: { type: 'string', default: `${randomInt(1, 1_000_000)}` },
    },
  });
  const requests = positiveNumber('--requests', values.requests);
  const users = positiveNumber('--users', values.users);
  const seed = positiveNumber('--seed', values.seed);
  const stopped = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stopped.abort(name));
  const { signal } = stopped;

  showLine('starting the service');
  const begun = performance.now();
  let shown = -Infinity;
  await using stack = await openStack();
  const result = await soak(stack, {
    ...{ requests, users, seed, signal },
    progress: (phase, done, count) => {
      const now = performance.now();
      if (now - shown < PROGRESS_EVERY_MS && done < count) return;
      shown = now;
      showLine(progressLine(phase, done, count, (now - begun) / 1_000));
    },
  });
  showLine('');
  const seconds = (performance.now() - begun) / 1_000;
  process.stdout.write(soakReport(result, { requests, users, seed, seconds }));
  if (result.violations.length > 0) process.exitCode = 1;
  else if (signal.aborted) {
    process.stdout.write('Interrupted: nothing has been audited.\n');
    process.exitCode = 130;
  }
}

function progressLine(phase: string, done: number, count: number, seconds: number): string {
  const full = Math.round((done / count) * BAR_WIDTH);
  const bar = '█'.repeat(full).padEnd(BAR_WIDTH, '░');
  return `${phase.padEnd(5)} ${bar} ${done} of ${count}, ${seconds.toFixed(0)} s`;
}

/** One line that is written over; in a log, a line each. */
function showLine(line: string): void {
  process.stderr.write(process.stderr.isTTY ? `\r\x1b[2K${line}` : line && `${line}\n`);
}

await runCommand(main);
