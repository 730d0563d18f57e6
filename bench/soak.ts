/**
 * npm run soak                                 16,000 requests, some two minutes
 * npm run soak -- --requests 1500              fewer
 * npm run soak -- --requests 1500 --seed 7     the same users and the same faults as another run's
 *
 * A mixed load over HTTP (log-ins, /me, logout of this, others and everywhere, refreshes, garbage) while
 * functions' processes are killed and the connection to the store breaks in many ways. Then every session is
 * audited: dead after a logout that was answered 200, alive without one, and one of the two after a 500 or no
 * answer. A check of the audit itself comes first.
 *
 * Ends with 1 when an answer or a session is wrong; with 130 after Ctrl-C.
 */
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { positiveNumber, runCommand } from '../support/command-line.ts';
import type { State } from '../support/expectations.ts';
import { progressEvery, showLine } from './progress.ts';
import { table } from './report.ts';
import { checkAudit, type SoakResult, soak } from './soak/run.ts';
import { openStack } from './soak/stack.ts';
import type { Result } from './soak/user.ts';

/** Violations that are printed one by one. */
const SHOWN_VIOLATIONS = 20;
const COLUMNS: readonly Result[] = [200, 401, 500, 'none', 'done', 'lost', 'failed'];

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
  const seconds = () => ((performance.now() - begun) / 1_000).toFixed(0);
  const show = progressEvery(process.stderr.isTTY ? 200 : 10_000);
  const progress = (phase: string, done: number, count: number) =>
    show(`${phase}: ${done} of ${count}, ${seconds()} s`, done === count);
  await using stack = await openStack();
  await checkAudit(stack);
  const result = await soak(stack, { requests, users, seed, signal, progress });
  showLine('');
  process.stdout.write(
    `\n${requests} requests of ${users} users at once in ${seconds()} s, seed ${seed}\n\n${describe(result)}\n`,
  );
  if (result.violations.length > 0) process.exitCode = 1;
  else if (signal.aborted) process.exitCode = 130;
  process.stdout.write(signal.aborted ? 'Interrupted: no session was audited\n' : verdict(result));
}

function describe({ results, faults, expectations }: SoakResult): string {
  const rows = [...results].map(([action, counts]) => [
    action,
    ...COLUMNS.map((column) => counts.get(column) ?? '-'),
  ]);
  const happened = [...faults].map(([name, count]) => `${name} (${count})`).join(', ');
  const count = (state: State) => expectations.filter((each) => each.state === state).length;
  return [
    ...table(
      ['', ...COLUMNS.map((column) => (column === 'none' ? 'no answer' : `${column}`))],
      rows,
    ),
    '',
    `Faults: ${happened || 'none'}`,
    `Sessions: ${count('dead')} dead, ${count('alive')} alive, ${count('unknown')} in doubt`,
  ].join('\n');
}

function verdict({ violations }: SoakResult): string {
  if (violations.length === 0)
    return 'Audit: clean; it objected to two wrong expectations before\n';
  const shown = violations.slice(0, SHOWN_VIOLATIONS).map((text) => `  ${text}\n`);
  return `Audit: ${violations.length} VIOLATIONS\n${shown.join('')}`;
}

await runCommand(main);
