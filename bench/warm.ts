import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { logoutEvent, meEvent } from './event.ts';
import { type PackagedFunction, packageFunctions } from './packaged.ts';
import { measure, type Row } from './row.ts';
import { lambdaFlags } from './runtime-api.ts';
import { interleaved } from './statistics.ts';
import { type BenchStore, type LiveSession, openBenchStore } from './store.ts';

/** From the issue, against the one store call alone. */
const LOGOUT_LIMIT = 1.2;
const CHECK_LIMIT = 1.2;
/** From the issue, against a log-out of a live token. */
const REFUSED_LIMIT = 0.2;
/** Calls before those that count: V8 has to have compiled what is hot. */
const WARM_UP = 1_500;
const MEASURED = 1_500;

interface Subject {
  readonly name: 'log-out' | 'check' | 'forged' | 'malformed' | 'DeleteCommand' | 'GetCommand';
  readonly fn: PackagedFunction;
  /** Makes as many events, each of which the function has to answer with `status`. */
  readonly events: (count: number) => Promise<readonly unknown[]>;
  readonly status: number;
}

interface WarmRun {
  readonly cpuUs: number;
  readonly wallUs: number;
  readonly statuses: Readonly<Record<string, number>>;
}

/**
 * CPU of one warm call, event in, response out, in a process that makes nothing but such calls, one
 * after the other; the store's own work is in another process and not counted.
 */
export async function warmRows({
  runs,
  progress,
}: {
  runs: number;
  progress: (line: string) => void;
}): Promise<Row[]> {
  await using store = await openBenchStore();
  await using packages = await packageFunctions();
  const { logout, me, bareDelete, bareGet } = packages.functions;
  const live = async (count: number) => store.begin(count);
  const subjects: Subject[] = [
    {
      name: 'log-out',
      fn: logout,
      events: each(live, ({ token }) => logoutEvent(token)),
      status: 200,
    },
    {
      name: 'DeleteCommand',
      fn: bareDelete,
      events: each(live, ({ session }) => session),
      status: 200,
    },
    { name: 'check', fn: me, events: each(live, ({ token }) => meEvent(token)), status: 200 },
    { name: 'GetCommand', fn: bareGet, events: each(live, ({ session }) => session), status: 200 },
    {
      name: 'forged',
      fn: logout,
      events: each(live, ({ token }) => logoutEvent(forged(token))),
      status: 200,
    },
    {
      name: 'malformed',
      fn: logout,
      events: async (count) => Array(count).fill(logoutEvent('garbage')),
      status: 200,
    },
  ];
  const results = new Map<Subject['name'], WarmRun[]>(subjects.map(({ name }) => [name, []]));
  await interleaved(subjects, runs, async (subject, run) => {
    const result = await warmRun(subject, packages.directory, store);
    results.get(subject.name)?.push(result);
    progress(`run ${run + 1} of ${runs}: ${subject.name}: ${result.cpuUs.toFixed(0)} µs of CPU`);
  });
  return rowsOf(results);
}

function each(
  live: (count: number) => Promise<LiveSession[]>,
  event: (session: LiveSession) => unknown,
): Subject['events'] {
  return async (count) => (await live(count)).map(event);
}

/** The token with one bit of its signature changed; the last character carries unused bits, so not that. */
function forged(token: string): string {
  const at = token.lastIndexOf('.') + 1;
  return `${token.slice(0, at)}${token[at] === 'A' ? 'B' : 'A'}${token.slice(at + 1)}`;
}

async function warmRun(subject: Subject, directory: string, store: BenchStore): Promise<WarmRun> {
  const { name, fn, events, status } = subject;
  const file = join(directory, 'events.json');
  const warmUp = await events(WARM_UP);
  const measured = await events(MEASURED);
  writeFileSync(file, JSON.stringify({ warmUp, measured }));
  const before = await store.counts();
  const [path = '', handler = ''] = fn.handler.split('.');
  const module = ['.js', '.mjs', '.cjs']
    .map((extension) => join(fn.taskRoot, path + extension))
    .find((candidate) => existsSync(candidate));
  if (!module) throw new Error(`${fn.name} has no module ${path}`);
  const child = fork(new URL('./warm-process.mjs', import.meta.url), [module, handler, file], {
    cwd: fn.taskRoot,
    execArgv: lambdaFlags(fn.memoryMb),
    env: {
      PATH: process.env.PATH,
      ...fn.variables,
      ...store.variables,
      ...store.secretVariables.environment,
    },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  child.stdout?.resume();
  const exit = once(child, 'exit');
  const message = await Promise.race([
    once(child, 'message'),
    exit.then(([code]) => {
      throw new Error(`${fn.name} ended: ${code}`);
    }),
  ]);
  await exit;
  rmSync(file);
  const [result]: WarmRun[] = message;
  if (!result || result.statuses[status] !== WARM_UP + MEASURED)
    throw new Error(`${name}: answered ${JSON.stringify(result?.statuses)}`);
  await requireStoreCalls(name, before, await store.counts());
  return result;
}

/** One call of the store for each answer, and none for a token that nobody signed. */
async function requireStoreCalls(
  name: Subject['name'],
  before: Readonly<Record<string, number>>,
  after: Readonly<Record<string, number>>,
): Promise<void> {
  const calls = (operation: string) => (after[operation] ?? 0) - (before[operation] ?? 0);
  const made = calls('DeleteItem') + calls('GetItem') + calls('BatchGetItem');
  const expected = name === 'forged' || name === 'malformed' ? 0 : WARM_UP + MEASURED;
  if (made !== expected) throw new Error(`${name}: ${made} calls of the store, not ${expected}`);
}

function rowsOf(results: ReadonlyMap<Subject['name'], readonly WarmRun[]>): Row[] {
  const cpu = (name: Subject['name']) =>
    measure((results.get(name) ?? []).map(({ cpuUs }) => cpuUs));
  const row = (
    what: string,
    name: Subject['name'],
    reference: Subject['name'],
    referenceName: string,
    limit: number,
  ): Row => ({
    what,
    ours: cpu(name),
    reference: cpu(reference),
    referenceName,
    ratio: cpu(name).median / cpu(reference).median,
    limit,
    unit: 'µs',
  });
  return [
    row('CPU of a warm log-out', 'log-out', 'DeleteCommand', 'bare DeleteCommand', LOGOUT_LIMIT),
    row('CPU of a warm check (/me)', 'check', 'GetCommand', 'bare GetCommand', CHECK_LIMIT),
    row('CPU of a forged token', 'forged', 'log-out', 'log-out', REFUSED_LIMIT),
    row('CPU of a malformed token', 'malformed', 'log-out', 'log-out', REFUSED_LIMIT),
  ];
}
