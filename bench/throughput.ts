import { type ChildProcess, execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { paginateScan } from '@aws-sdk/lib-dynamodb';
import { openSessionStore } from '../lib/aws/dynamodb.ts';
import { type StoreProcess, startStoreProcess } from '../support/store-process.ts';
import { type Contender, type PreparedSession, startContenders } from './contenders.ts';
import { type LoadOptions, type LoadResult, load } from './load.ts';
import { compare, measure, measureInTurns, type Row, type Turns } from './measure.ts';
import type { Bench, PartResult } from './part.ts';
import { table } from './report.ts';

/** Logouts, and as many checks, of a run; and of the warm-up, as V8 still compiles after 2,000 requests. */
const REQUESTS = 400;
const WARM_UP_REQUESTS = 1_000;
/** Sessions of a run that are checked once more after their logout. */
const CHECKED_AGAIN = 5;
/** Ours is ahead of a peer when the ratio, where less is better, is at most this. */
const LIMIT = 1;
/** Clock ticks a second of the times in /proc. */
const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

const OPERATIONS = ['logout', 'check'] as const;
type Operation = (typeof OPERATIONS)[number];

/** One run of one operation. CPU shares are of the run's time: a process near 1 bounds the run. */
interface Sample extends LoadResult {
  /** CPU of the contender's process, in milliseconds a request. */
  readonly serverCpuMs: number;
  /** Requests to the store a request. */
  readonly storeCalls: number;
  readonly serverBusy: number;
  readonly storeBusy: number;
  readonly loadBusy: number;
  /** All other processes of the machine: the higher, the less the run is worth. */
  readonly othersBusy: number;
}

/**
 * Throughput, p99 and CPU a request over HTTP, beside what people would pick instead; README.md has the rules.
 *
 * @throws Error when a contender answers one request wrongly, or leaves one session alive
 */
export async function measureThroughput({ packages }: Bench, turns: Turns): Promise<PartResult> {
  await using started = new AsyncDisposableStack();
  const store = started.use(await startStoreProcess());
  // The SDKs of this process and of all contenders read this.
  process.env.AWS_ENDPOINT_URL_DYNAMODB = store.dynamoDb;
  const { functions } = packages;
  const { contenders, skipped } = await startContenders(functions, started, turns.progress);
  const samples = await measureInTurns(
    contenders,
    turns,
    (contender, isWarmUp) => measureOnce(store, contender, isWarmUp ? WARM_UP_REQUESTS : REQUESTS),
    1,
  );
  const values = ({ name }: Contender, operation: Operation, value: keyof Sample) =>
    samples(name).map((run) => run[operation][value]);
  const [ours, ...others] = contenders;
  if (!ours) throw new Error('Ours was not measured');

  const rowsOf = (
    operation: Operation,
    what: string,
    unit: string,
    value: keyof Sample,
    limit?: number,
  ) =>
    others.map((other): Row => {
      const name =
        other.role === 'front' ? other.name : `${other.name} ${other.versions[0]?.split(' ')[1]}`;
      return compare(
        `${operation} over HTTP, ${what}`,
        unit,
        values(ours, operation, value),
        { name, samples: values(other, operation, value) },
        {
          limit: other.role === 'peer' ? limit : undefined,
          moreIsBetter: value === 'requestsPerSecond',
        },
      );
    });
  const busy = (contender: Contender, operation: Operation) => {
    const median = (value: keyof Sample) => measure(values(contender, operation, value)).median;
    const shares = (['serverBusy', 'storeBusy', 'loadBusy', 'othersBusy'] as const).map(
      (value) => `${(median(value) * 100).toFixed(0)} %`,
    );
    const name = `${operation}: ${contender.name} (${contender.versions.join(', ')})`;
    return [name, median('storeCalls').toFixed(2), ...shares];
  };
  const head = ['', 'store requests each', 'server busy', 'store busy', 'load busy', 'all else'];
  return {
    rows: OPERATIONS.flatMap((operation) => [
      ...rowsOf(operation, 'throughput', 'requests/s', 'requestsPerSecond', LIMIT),
      ...rowsOf(operation, 'p99', 'ms', 'p99Ms', LIMIT),
      ...rowsOf(operation, 'CPU of the server a request', 'ms', 'serverCpuMs'),
    ]),
    notes: [
      '## What bounded the throughput',
      '',
      `${turns.runs} runs of ${REQUESTS} checks and ${REQUESTS} logouts; CPU of each process against the time of the run.`,
      '',
      ...table(
        head,
        OPERATIONS.flatMap((operation) => contenders.map((each) => busy(each, operation))),
      ),
      ...skipped.flatMap((line) => ['', line]),
    ].join('\n'),
  };
}

/** Creates sessions, checks each once, ends each, and makes sure that all are gone. */
async function measureOnce(
  store: StoreProcess,
  contender: Contender,
  count: number,
): Promise<Readonly<Record<Operation, Sample>>> {
  const sessions = await contender.prepare(count);
  await requireRows(contender, count);
  const { origin, aliveText, loggedOutText } = contender;
  const check = await measureLoad(store, contender, {
    origin,
    requests: sessions.map((session) => session.check),
    expected: aliveText,
  });
  const logout = await measureLoad(store, contender, {
    origin,
    requests: sessions.map((session) => session.logout),
    expected: loggedOutText,
  });
  await requireRows(contender, 0);
  for (const session of sessions.slice(0, CHECKED_AGAIN)) await requireDead(contender, session);
  return { check, logout };
}

async function measureLoad(
  store: StoreProcess,
  contender: Contender,
  options: LoadOptions,
): Promise<Sample> {
  const used = async () => {
    const counts = Object.values(await store.counts());
    return {
      requests: counts.reduce((sum, count) => sum + count, 0),
      store: cpuMs(store.process),
      server: cpuMs(contender.process),
      load: process.cpuUsage(),
      machine: machineCpuMs(),
    };
  };
  const before = await used();
  const result = await load(options);
  const { user, system } = process.cpuUsage(before.load);
  const after = await used();
  const server = after.server - before.server;
  const storeMs = after.store - before.store;
  const loadMs = (user + system) / 1_000;
  const others = Math.max(after.machine - before.machine - server - storeMs - loadMs, 0);
  const { elapsedMs } = result;
  return {
    ...result,
    serverCpuMs: server / options.requests.length,
    storeCalls: (after.requests - before.requests) / options.requests.length,
    serverBusy: server / elapsedMs,
    storeBusy: storeMs / elapsedMs,
    loadBusy: loadMs / elapsedMs,
    othersBusy: others / elapsedMs,
  };
}

async function requireRows({ name, table: TableName }: Contender, count: number): Promise<void> {
  if (TableName === undefined) return;
  const { client } = openSessionStore(TableName);
  let rows = 0;
  for await (const page of paginateScan(
    { client },
    { TableName, Select: 'COUNT', ConsistentRead: true },
  ))
    rows += page.Count ?? 0;
  client.destroy();
  if (rows !== count) throw new Error(`${name} has ${rows} sessions in its table, not ${count}`);
}

async function requireDead(contender: Contender, { check }: PreparedSession): Promise<void> {
  if (contender.role === 'front') return;
  const { path, ...request } = check;
  const response = await fetch(contender.origin + path, request);
  const body = await response.text();
  if (response.ok && body.includes(contender.aliveText))
    throw new Error(`${contender.name} takes a session for alive that was logged out: ${body}`);
}

/**
 * CPU of a process since it began, all threads, user and system, in milliseconds, in steps of 10 ms;
 * proc_pid_stat(5), fields 14 and 15.
 */
function cpuMs(child: ChildProcess): number {
  const stat = readFileSync(`/proc/${child.pid}/stat`, 'utf8');
  // The command's name is in parentheses and may hold spaces; fields are counted after it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND) * 1_000;
}

/** CPU of all processes of the machine since it began, in milliseconds. */
function machineCpuMs(): number {
  return cpus().reduce(
    (sum, { times }) => sum + times.user + times.nice + times.sys + times.irq,
    0,
  );
}
