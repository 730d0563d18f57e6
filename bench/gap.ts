/**
 * npm run bench:gap                               a service of its own; under 3 minutes
 * npm run bench:gap -- --rounds 300               fewer logouts
 * npm run bench:gap -- --url http://localhost:3000     a service that runs already
 * npm run bench:gap -- --url https://… --stage dev     one that is deployed
 * npm run bench:gap -- --overhead                 only the authorizer beside /me
 *
 * How long a session lives on after its logout was answered, over real HTTP, while other clients of the
 * same user log in and refresh as fast as they can; and what the authorizer's check takes beside /me's.
 *
 * Ends with 1 when one request that began after the answer was let in although its session had to be
 * dead, when one was refused whose session had to be alive, or when something could not be measured;
 * with 130 after Ctrl-C.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { positiveNumber, runCommand, UsageError } from '../support/command-line.ts';
import type { Violation } from './gap/evidence.ts';
import { measureOverhead, overheadTable } from './gap/overhead.ts';
import { SCOPES } from './gap/round-result.ts';
import { playRounds, type Rounds, type RoundsOptions } from './gap/rounds.ts';
import { gapTable, summaries } from './gap/summary.ts';
import { givenTarget, startTarget } from './gap/target.ts';

/** Violations that are printed; the JSON file has all. */
const SHOWN_VIOLATIONS = 20;
const WARM_UP_ROUNDS = 12;
/** How often progress is shown, in milliseconds. */
const PROGRESS_EVERY_MS = process.stderr.isTTY ? 200 : 5_000;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '3000' },
      users: { type: 'string', default: '4' },
      clients: { type: 'string', default: '2' },
      seconds: { type: 'string', default: '140' },
      url: { type: 'string' },
      stage: { type: 'string' },
      overhead: { type: 'boolean', default: false },
      results: { type: 'string', default: fileURLToPath(new URL('./results/', import.meta.url)) },
    },
  });
  const options = {
    rounds: positiveNumber('--rounds', values.rounds),
    users: positiveNumber('--users', values.users),
    clients: positiveNumber('--clients', values.clients),
    seconds: positiveNumber('--seconds', values.seconds),
  };
  if (values.url !== undefined && !URL.canParse(values.url))
    throw new UsageError('--url takes the URL of the API');
  if (values.stage !== undefined && values.url === undefined)
    throw new UsageError('--stage takes an --url as well');

  const stopped = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => stopped.abort(signal));
  const { signal } = stopped;

  const rounds = values.overhead
    ? undefined
    : await measureGap(values.url, values.stage, { ...options, signal });
  // A service that is elsewhere says nothing about these bundles.
  const overhead =
    values.url === undefined && !signal.aborted
      ? await measureOverhead({ signal, progress: showLine }).catch((error) => {
          // Ctrl-C in a terminal ends its processes as well.
          if (signal.aborted) return undefined;
          throw error;
        })
      : undefined;
  showLine('');

  const scopes = rounds && summaries(rounds);
  const { aborted } = signal;
  const markdown = [
    '# From logout to refusal',
    '',
    ...circumstances(options, rounds, aborted),
    ...(rounds && scopes ? ['', ...verdict(rounds), '', gapTable(scopes)] : []),
    ...(overhead ? ['', '## The authorizer beside /me', '', overheadTable(overhead)] : []),
    '',
  ].join('\n');
  process.stdout.write(`\n${markdown}`);
  const failed = rounds && (rounds.violations.length > 0 || scopes?.length !== SCOPES.length);
  process.exitCode = aborted && !rounds?.violations.length ? 130 : failed ? 1 : 0;
  if (aborted) return; // half a run must not stand where a whole one did
  mkdirSync(values.results, { recursive: true });
  const name = join(values.results, values.overhead ? 'overhead' : 'gap');
  writeFileSync(`${name}.md`, markdown);
  writeFileSync(
    `${name}.json`,
    `${JSON.stringify({ options, aborted, scopes, violations: rounds?.violations, inconclusive: rounds?.inconclusive, overhead }, null, 2)}\n`,
  );
}

async function measureGap(
  url: string | undefined,
  stage: string | undefined,
  options: Omit<RoundsOptions, 'progress' | 'warmUp'>,
): Promise<Rounds> {
  showLine('starting the service');
  await using target = await (url === undefined ? startTarget() : givenTarget(url, stage));
  const begun = performance.now();
  let shown = -Infinity;
  const rounds = await playRounds(target, {
    ...options,
    warmUp: WARM_UP_ROUNDS,
    progress: (done, count) => {
      const now = performance.now();
      if (now - shown < PROGRESS_EVERY_MS && done.length < count) return;
      shown = now;
      const bad = done.reduce((total, { violations }) => total + violations.length, 0);
      const seconds = ((now - begun) / 1_000).toFixed(0);
      showLine(`gap: ${done.length} of ${count} rounds, ${bad} violations, ${seconds} s`);
    },
  });
  target.store.client.destroy();
  return rounds;
}

function verdict({ rounds, violations, inconclusive }: Rounds): string[] {
  const lines = violationLines(rounds.length, violations);
  return inconclusive === 0
    ? lines
    : [...lines, '', `${inconclusive} rounds were played again, as a refresh took over a second.`];
}

function violationLines(rounds: number, violations: readonly Violation[]): string[] {
  if (rounds === 0) return ['**Nothing was measured.**'];
  if (violations.length === 0)
    return [
      `**No violation** in ${rounds} rounds: nothing dead was let in, nothing alive refused.`,
    ];
  return [
    `**${violations.length} violations** in ${rounds} rounds:`,
    '',
    ...violations.slice(0, SHOWN_VIOLATIONS).map((violation) => `- ${violation}`),
    ...(violations.length > SHOWN_VIOLATIONS ? ['- … the JSON file has them all'] : []),
  ];
}

function circumstances(
  { rounds: count, users, clients }: Pick<RoundsOptions, 'rounds' | 'users' | 'clients'>,
  rounds: Rounds | undefined,
  aborted: boolean,
): string[] {
  const [cpu] = cpus();
  return [
    `- ${new Date().toISOString()}, ${cpus().length} × ${cpu?.model.trim()}, Node ${process.version}`,
    ...(rounds
      ? [
          `- ${users} users at once, each a device that logs out, an idle one, and ${clients} that refresh and log in`,
        ]
      : []),
    ...(rounds && rounds.rounds.length < count
      ? [`- ${rounds.rounds.length} of ${count} rounds, as the time was up`]
      : []),
    ...(aborted ? ['- **Interrupted**: what is here is all there was until then'] : []),
  ];
}

/** One line that is written over; in a log, a line each. */
function showLine(line: string): void {
  process.stderr.write(process.stderr.isTTY ? `\r\x1b[2K${line}` : line && `${line}\n`);
}

await runCommand(main);
