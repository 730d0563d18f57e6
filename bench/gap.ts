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
 * Ends with 1 when a request that began after the answer was let in although its session had to be dead, or
 * when one was refused whose session had to be alive.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { positiveNumber, runCommand, UsageError } from '../support/command-line.ts';
import { gapTable, type RoundResult, SCOPES } from './gap/result.ts';
import { CLIENTS, playRound } from './gap/round.ts';
import { givenTarget, startTarget, type Target } from './gap/target.ts';
import { showLine, shownViolations } from './progress.ts';
import { machine } from './report.ts';

/** Rounds that are evaluated but not timed: the first requests load the functions. */
const WARM_UP_ROUNDS = 12;
const RESULT = new URL('./results/gap.md', import.meta.url);

export async function measureGap(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args,
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

  showLine('starting the service');
  await using target = await (values.url === undefined
    ? startTarget()
    : givenTarget(values.url, values.stage));
  const warmUp = await playRounds(target, WARM_UP_ROUNDS, 1);
  const rounds = await playRounds(target, count, users);
  showLine('');

  const violations = [...warmUp, ...rounds].flatMap((round) => round.violations);
  const markdown = [
    '# From logout to refusal',
    '',
    machine(),
    `- ${users} users at once, each a device that logs out, an idle one, and ${CLIENTS} that refresh and log in`,
    '',
    ...(violations.length === 0
      ? [
          `**No violation** in ${rounds.length} rounds: nothing dead was let in, nothing alive refused.`,
        ]
      : [`**${violations.length} violations**:`, '', ...shownViolations(violations)]),
    '',
    ...gapTable(rounds),
    '',
  ].join('\n');
  process.stdout.write(`\n${markdown}`);
  if (values.write) writeFileSync(RESULT, markdown);
  return violations.length > 0 ? 1 : 0;
}

/**
 * Plays rounds, with the scopes in turns.
 *
 * @param users how many play at the same time
 * @throws Error when a round could not be played
 */
async function playRounds(
  target: Target,
  count: number,
  users: number,
): Promise<readonly RoundResult[]> {
  const rounds: RoundResult[] = [];
  const numbers = Array.from({ length: count }, (_, number) => number).values();
  await Promise.all(
    Array.from({ length: users }, async () => {
      for (const number of numbers) {
        rounds.push(await playRound(target, SCOPES[number % SCOPES.length] ?? 'this'));
        if (rounds.length % 10 === 0) showLine(`gap: ${rounds.length} of ${count} rounds`);
      }
    }),
  );
  return rounds;
}

if (import.meta.main) await runCommand(measureGap);
