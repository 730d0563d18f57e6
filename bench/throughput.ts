/**
 * Throughput over HTTP, beside what people would pick instead; README.md says what is measured how.
 *
 *   npx node bench/throughput.ts [--runs 5] [--requests 400] [--connections 8]
 */
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import type { Contender } from './contenders.ts';
import { type Contest, openContest } from './contest.ts';
import { type LoadOptions, load } from './load.ts';
import type { PreparedSession } from './prepared-session.ts';
import { cpuMs, machineCpuMs } from './processes.ts';
import { isMissed, type Row } from './row.ts';
import { interleaved } from './statistics.ts';
import { type Operation, type Result, rowsOf, type Sample, tables } from './throughput-result.ts';

export interface ThroughputOptions {
  /** How often each contender is measured, in turns. */
  readonly runs: number;
  /** Logouts, and as many checks, in a run. */
  readonly requests?: number;
  /** Connections of the load, each with one request on its way. */
  readonly connections?: number;
  readonly progress: (line: string) => void;
}

const DEFAULTS = { runs: 5, requests: 400, connections: 8 } as const;
/** Of the run before the first: V8 still compiles what is hot after some 2,000 requests of both kinds. */
const WARM_UP_REQUESTS = 1_000;
/** Sessions of a run that are asked about once more after their logout. */
const ASKED_AGAIN = 5;
const DETAILS = new URL('./results/throughput-details.md', import.meta.url);

/**
 * Ours against every peer: requests a second, p99, and CPU a request. The tables behind the rows are
 * written to `bench/results/`.
 *
 * @throws Error when a contender answers one request wrongly, or leaves one session alive
 */
export async function throughputRows(options: ThroughputOptions): Promise<Row[]> {
  const measured = await measureThroughput(options);
  writeFileSync(DETAILS, details(options, measured));
  return rowsOf(measured.results);
}

interface Measured {
  readonly results: readonly Result[];
  readonly skipped: readonly string[];
}

async function measureThroughput({
  runs,
  requests = DEFAULTS.requests,
  connections = DEFAULTS.connections,
  progress,
}: ThroughputOptions): Promise<Measured> {
  await using contest = await openContest(progress);
  const entries = contest.contenders.map((contender) => ({
    contender,
    samples: { logout: [] as Sample[], check: [] as Sample[] },
  }));
  // One run more, whose values are dropped: it compiles and opens what later ones find ready.
  await interleaved(entries, runs + 1, async ({ contender, samples }, run) => {
    const count = run === 0 ? WARM_UP_REQUESTS : requests;
    const { check, logout } = await measureOnce(contest, contender, count, connections);
    const turn = run === 0 ? 'warm-up' : `run ${run} of ${runs}`;
    const speed = `${logout.requestsPerSecond.toFixed(0)} logouts/s, ${check.requestsPerSecond.toFixed(0)} checks/s`;
    progress(`${turn}: ${contender.name}: ${speed}`);
    if (run === 0) return;
    samples.check.push(check);
    samples.logout.push(logout);
  });
  return { results: entries, skipped: contest.skipped };
}

/** Creates sessions, checks each of them once, ends each of them, and makes sure that all are gone. */
async function measureOnce(
  contest: Contest,
  contender: Contender,
  count: number,
  connections: number,
): Promise<Record<Operation, Sample>> {
  const sessions = await contender.prepare(count);
  if (contender.table !== undefined) await requireRows(contest, contender, count);
  const { origin, aliveText, loggedOutText } = contender;
  const check = await measureLoad(contest, contender, {
    origin,
    connections,
    requests: sessions.map((session) => session.check),
    expected: aliveText,
  });
  const logout = await measureLoad(contest, contender, {
    origin,
    connections,
    requests: sessions.map((session) => session.logout),
    expected: loggedOutText,
  });
  if (contender.table !== undefined) {
    await requireRows(contest, contender, 0);
    for (const session of sessions.slice(0, ASKED_AGAIN)) await requireDead(contender, session);
  }
  return { check, logout };
}

async function measureLoad(
  contest: Contest,
  contender: Contender,
  options: LoadOptions,
): Promise<Sample> {
  const storeBefore = await contest.storeUse();
  const serverBefore = cpuMs(contender.process);
  const machineBefore = machineCpuMs();
  const result = await load(options);
  const machine = machineCpuMs() - machineBefore;
  const server = cpuMs(contender.process) - serverBefore;
  const storeAfter = await contest.storeUse();
  const store = storeAfter.cpuMs - storeBefore.cpuMs;
  const { elapsedMs, ownCpuMs } = result;
  const count = options.requests.length;
  return {
    ...result,
    serverCpuMs: server / count,
    storeCalls: (storeAfter.requests - storeBefore.requests) / count,
    serverBusy: server / elapsedMs,
    storeBusy: store / elapsedMs,
    loadBusy: ownCpuMs / elapsedMs,
    othersBusy: Math.max(machine - server - store - ownCpuMs, 0) / elapsedMs,
  };
}

async function requireRows(contest: Contest, contender: Contender, count: number): Promise<void> {
  const rows = await contest.rows(contender);
  if (rows !== count)
    throw new Error(`${contender.name} has ${rows} sessions in its table, not ${count}`);
}

async function requireDead(contender: Contender, { check }: PreparedSession): Promise<void> {
  const { path, ...request } = check;
  const response = await fetch(contender.origin + path, request);
  const body = await response.text();
  if (response.ok && body.includes(contender.aliveText))
    throw new Error(`${contender.name} takes a session for alive that was logged out: ${body}`);
}

function details(
  { runs, requests = DEFAULTS.requests, connections = DEFAULTS.connections }: ThroughputOptions,
  { results, skipped }: Measured,
): string {
  const [cpu] = cpus();
  return [
    '# Throughput over HTTP',
    '',
    `- ${new Date().toISOString()}, ${cpus().length} × ${cpu?.model.trim()}, Node ${process.version}`,
    `- ${runs} runs of ${requests} checks and ${requests} logouts each, in turns, over ${connections} connections`,
    '- Medians, with the least and the most of all runs',
    ...skipped.map((line) => `- ${line}`),
    '',
    tables(results),
  ].join('\n');
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      runs: { type: 'string', default: String(DEFAULTS.runs) },
      requests: { type: 'string', default: String(DEFAULTS.requests) },
      connections: { type: 'string', default: String(DEFAULTS.connections) },
    },
  });
  const options: ThroughputOptions = {
    runs: atLeast(1, '--runs', values.runs),
    requests: atLeast(Number(values.connections), '--requests', values.requests),
    connections: atLeast(1, '--connections', values.connections),
    progress: (line) => process.stderr.write(`${line}\n`),
  };
  const measured = await measureThroughput(options);
  process.stdout.write(`\n${details(options, measured)}`);
  for (const row of rowsOf(measured.results).filter(isMissed)) {
    process.stderr.write(`missed: ${row.what}, against ${row.referenceName}\n`);
    process.exitCode = 1;
  }
}

function atLeast(least: number, option: string, text: string): number {
  const value = Number(text);
  if (!(Number.isInteger(value) && value >= least))
    throw new RangeError(`${option} takes a whole number, ${least} or more`);
  return value;
}

if (import.meta.main) await main();
