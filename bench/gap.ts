/**
 * npm run bench:gap                                    a service of its own; under 3 minutes
 * npm run bench:gap -- --rounds 300                    fewer logouts
 * npm run bench:gap -- --url http://localhost:3000     a service that runs already
 * npm run bench:gap -- --url https://… --stage dev     a deployed one
 * npm run bench:gap -- --write                         the report replaces bench/results/gap.md
 *
 * How long a session lives on after its logout was answered, over real HTTP, while other clients of the same
 * user log in and refresh as fast as they can.
 *
 * Ends with 1 when a request that began after the answer was let in although its session had to be dead, when
 * one was refused whose session had to be alive, or when a scope was not measured; with 130 after Ctrl-C.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { positiveNumber, runCommand, UsageError } from '../support/command-line.ts';
import { gapTable, type RoundResult, SCOPES } from './gap/result.ts';
import { playRounds } from './gap/rounds.ts';
import { givenTarget, startTarget } from './gap/target.ts';
import { progressEvery, showLine } from './progress.ts';
import { machine } from './report.ts';

/** Violations that are printed. */
const SHOWN_VIOLATIONS = 20;
/** Rounds that are evaluated but not timed: the first requests load the functions. */
const WARM_UP_ROUNDS = 12;
const RESULT = new URL('./results/gap.md', import.meta.url);

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '3000' },
      users: { type: 'string', default: '4' },
      clients: { type: 'string', default: '2' },
      seconds: { type: 'string', default: '140' },
      url: { type: 'string' },
      stage: { type: 'string' },
      write: { type: 'boolean', default: false },
    },
  });
  const count = positiveNumber('--rounds', values.rounds);
  const users = positiveNumber('--users', values.users);
  const clients = positiveNumber('--clients', values.clients);
  const seconds = positiveNumber('--seconds', values.seconds);
  if (values.url !== undefined && !URL.canParse(values.url))
    throw new UsageError('--url takes the URL of the API');
  if (values.stage !== undefined && values.url === undefined)
    throw new UsageError('--stage takes an --url as well');
  const stopped = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stopped.abort(name));
  const { signal } = stopped;

  showLine('starting the service');
  await using target = await (values.url === undefined
    ? startTarget()
    : givenTarget(values.url, values.stage));
  const show = progressEvery(process.stderr.isTTY ? 200 : 5_000);
  const progress = (done: readonly RoundResult[]) => {
    const bad = done.reduce((total, { violations }) => total + violations.length, 0);
    show(`gap: ${done.length} of ${count} rounds, ${bad} violations`, done.length === count);
  };
  const options = { clients, seconds, signal, progress };
  const warmUp = await playRounds(target, { ...options, rounds: WARM_UP_ROUNDS, users: 1 });
  const { rounds, inconclusive } = await playRounds(target, { ...options, rounds: count, users });
  target.store.client.destroy();
  showLine('');

  const violations = [...warmUp.rounds, ...rounds].flatMap((round) => round.violations);
  const isComplete = SCOPES.every((scope) => rounds.some((round) => round.scope === scope));
  const markdown = [
    '# From logout to refusal',
    '',
    machine(),
    `- ${users} users at once, each a device that logs out, an idle one, and ${clients} that refresh and log in`,
    `- ${rounds.length} of ${count} rounds; ${inconclusive} were played again, as a refresh took over a second`,
    ...(signal.aborted ? ['- **Interrupted**'] : []),
    '',
    ...verdict(rounds.length, violations),
    '',
    ...(isComplete ? gapTable(rounds) : ['**Not every scope was measured.**']),
    '',
  ].join('\n');
  process.stdout.write(`\n${markdown}`);
  process.exitCode = violations.length > 0 || !isComplete ? 1 : 0;
  if (signal.aborted && violations.length === 0) process.exitCode = 130;
  // Half a run must not replace a whole one.
  if (values.write && !signal.aborted) writeFileSync(RESULT, markdown);
}

function verdict(rounds: number, violations: readonly string[]): string[] {
  if (violations.length === 0)
    return [
      `**No violation** in ${rounds} rounds: nothing dead was let in, nothing alive refused.`,
    ];
  const shown = violations.slice(0, SHOWN_VIOLATIONS).map((violation) => `- ${violation}`);
  return [`**${violations.length} violations** in ${rounds} rounds:`, '', ...shown];
}

await runCommand(main);
