/**
 * npm run bench:gap                                    a service of its own, 3,000 logouts
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
import { CLIENTS, playRound } from './gap/round.ts';
import { givenTarget, startTarget, type Target } from './gap/target.ts';
import { abortOnSignals, progressEvery, showLine, shownViolations } from './progress.ts';
import { machine } from './report.ts';

/** Rounds that are evaluated but not timed: the first requests load the functions. */
const WARM_UP_ROUNDS = 12;
const RESULT = new URL('./results/gap.md', import.meta.url);

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '3000' },
      users: { type: 'string', default: '4' },
      url: { type: 'string' },
      stage: { type: 'string' },
      write: { type: 'boolean', default: false },
    },
  });
  const count = positiveNumber('--rounds', values.rounds);
  const users = positiveNumber('--users', values.users);
  if (values.url !== undefined && !URL.canParse(values.url))
    throw new UsageError('--url takes the URL of the API');
  if (values.stage !== undefined && values.url === undefined)
    throw new UsageError('--stage takes an --url as well');
  const signal = abortOnSignals();

  showLine('starting the service');
  await using target = await (values.url === undefined
    ? startTarget()
    : givenTarget(values.url, values.stage));
  const warmUp = await playRounds(target, WARM_UP_ROUNDS, 1, signal);
  const rounds = await playRounds(target, count, users, signal);
  showLine('');

  const violations = [...warmUp, ...rounds].flatMap((round) => round.violations);
  const isComplete = SCOPES.every((scope) => rounds.some((round) => round.scope === scope));
  const markdown = [
    '# From logout to refusal',
    '',
    machine(),
    `- ${users} users at once, each a device that logs out, an idle one, and ${CLIENTS} that refresh and log in`,
    `- ${rounds.length} of ${count} rounds`,
    ...(signal.aborted ? ['- **Interrupted**'] : []),
    '',
    ...(violations.length === 0
      ? [
          `**No violation** in ${rounds.length} rounds: nothing dead was let in, nothing alive refused.`,
        ]
      : [`**${violations.length} violations**:`, '', ...shownViolations(violations)]),
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

/**
 * Plays rounds, with the scopes in turns.
 *
 * @param users how many play at the same time
 * @param signal no round begins once it is aborted; later failures do not count
 * @throws Error when a round could not be played
 */
async function playRounds(
  target: Target,
  count: number,
  users: number,
  signal: AbortSignal,
): Promise<readonly RoundResult[]> {
  const rounds: RoundResult[] = [];
  const numbers = Array.from({ length: count }, (_, number) => number).values();
  const progress = progressEvery(5_000);
  const failed = new AbortController();
  const ended = AbortSignal.any([signal, failed.signal]);

  async function user(): Promise<void> {
    for (const number of numbers) {
      if (ended.aborted) return;
      rounds.push(await playRound(target, SCOPES[number % SCOPES.length] ?? 'this'));
      progress(`gap: ${rounds.length} of ${count} rounds`);
    }
  }

  try {
    await Promise.all(Array.from({ length: users }, user));
  } catch (error) {
    failed.abort();
    // Ctrl-C in a terminal reaches the service as well, which ends under our requests.
    if (!signal.aborted) throw error;
  }
  return rounds;
}

await runCommand(main);
