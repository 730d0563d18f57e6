import { type ChildProcess, execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { paginateScan } from '@aws-sdk/lib-dynamodb';
import { openSessionStore } from '../lib/aws/dynamodb.ts';
import { type Contender, type PreparedSession, startContenders } from './contenders.ts';
import { type LoadResult, load, type PreparedRequest, send } from './load.ts';
import {
  type Bench,
  compare,
  measureInTurns,
  type PartResult,
  type Row,
  type Turns,
} from './measure.ts';

/** Logouts, and as many checks, of a run; and of the warm-up, as V8 still compiles after 2,000 requests. */
const REQUESTS = 400;
const WARM_UP_REQUESTS = 1_000;
/** Sessions of a run that are checked once more after their logout. */
const CHECKED_AGAIN = 5;
/** Ours is ahead of a peer when the ratio, where less is better, is at most this. */
const LIMIT = 1;
/** Clock ticks a second of the times in /proc. */
const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

interface Sample extends LoadResult {
  /** CPU of the contender's process, in milliseconds a request. */
  readonly serverCpuMs: number;
}

const MEASURES = [
  ['throughput', 'requests/s', 'requestsPerSecond', LIMIT],
  ['p99', 'ms', 'p99Ms', LIMIT],
  ['CPU of the server a request', 'ms', 'serverCpuMs', undefined],
] as const;

type Operation = 'logout' | 'check';

/**
 * Throughput, p99 and CPU a request over HTTP, beside what people would pick instead; README.md has the rules.
 *
 * @throws Error when a contender answers one request wrongly, or leaves one session alive
 */
export async function measureThroughput(bench: Bench, turns: Turns): Promise<PartResult> {
  await using started = new AsyncDisposableStack();
  const { ours, oauth, others, skipped } = await startContenders(bench, started, turns.progress);
  const samples = await measureInTurns(
    [ours, oauth, ...others],
    turns,
    (contender, isWarmUp) => measureOnce(contender, isWarmUp ? WARM_UP_REQUESTS : REQUESTS),
    1,
  );
  const compared = (
    name: string,
    operation: Operation,
    one: Contender,
    them: readonly Contender[],
  ): readonly Row[] =>
    MEASURES.flatMap(([what, unit, value, limit]) => {
      const values = (of: Contender) => samples(of.name).map((run) => run[operation][value]);
      return them.map((other) => {
        const reference = { name: other.name, samples: values(other) };
        return compare(`${name} over HTTP, ${what}`, unit, values(one), reference, {
          limit: one === oauth || other.table === undefined ? undefined : limit,
          moreIsBetter: value === 'requestsPerSecond',
        });
      });
    });
  // Without a target: their tokens are opaque, ours have a signature to verify.
  const clients = others.filter(({ isOAuth }) => isOAuth);
  return {
    rows: [
      ...compared('logout', 'logout', ours, others),
      ...compared('check', 'check', ours, others),
      ...compared('revocation', 'logout', oauth, clients),
      ...compared('introspection', 'check', oauth, clients),
    ],
    notes: skipped,
  };
}

/** Creates sessions, checks each once, ends each, and makes sure that all are gone. */
async function measureOnce(
  contender: Contender,
  count: number,
): Promise<Readonly<Record<Operation, Sample>>> {
  const sessions = await contender.prepare(count);
  await requireRows(contender, count);
  const checks = sessions.map((session) => session.check);
  const check = await measureLoad(contender, checks, contender.aliveText);
  const logouts = sessions.map((session) => session.logout);
  const logout = await measureLoad(contender, logouts, contender.loggedOutText);
  await requireRows(contender, 0);
  for (const session of sessions.slice(0, CHECKED_AGAIN)) await requireDead(contender, session);
  return { check, logout };
}

async function measureLoad(
  { origin, process }: Contender,
  requests: readonly PreparedRequest[],
  expected: string,
): Promise<Sample> {
  const before = cpuMs(process);
  const result = await load(origin, requests, expected);
  return { ...result, serverCpuMs: (cpuMs(process) - before) / requests.length };
}

async function requireRows({ name, table: TableName }: Contender, count: number): Promise<void> {
  if (TableName === undefined) return;
  const { client } = openSessionStore(TableName);
  const query = { TableName, Select: 'COUNT', ConsistentRead: true } as const;
  let rows = 0;
  for await (const page of paginateScan({ client }, query)) rows += page.Count ?? 0;
  client.destroy();
  if (rows !== count) throw new Error(`${name} has ${rows} sessions in its table, not ${count}`);
}

async function requireDead(contender: Contender, { check }: PreparedSession): Promise<void> {
  if (contender.table === undefined) return;
  const { status, body } = await send(contender.origin, check);
  if (status === 200 && body.includes(contender.aliveText))
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
