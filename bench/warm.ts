import { logoutEvent, meEvent } from './event.ts';
import { buildBare } from './naive/build.ts';
import { type PackagedFunction, packageFunctions } from './packaged.ts';
import { measure, type Row } from './row.ts';
import { interleaved } from './statistics.ts';
import { type BenchStore, type LiveSession, openBenchStore } from './store.ts';
import { requireStoreCalls } from './store-calls.ts';
import { runWarm, type WarmRun } from './warm-run.ts';

/** Against the one store call alone. */
const LOGOUT_LIMIT = 1.2;
const CHECK_LIMIT = 1.2;
/** Against a logout of a live token. */
const REFUSED_LIMIT = 0.2;
const WARM_UP = 1_500;
const MEASURED = 1_500;

type Name = 'logout' | 'DeleteCommand' | 'check' | 'BatchGetCommand' | 'forged' | 'malformed';

interface Subject {
  readonly name: Name;
  readonly fn: PackagedFunction;
  /** Makes the event of one call from a session that is alive; the answer has to be a 200. */
  readonly event: (live: LiveSession) => unknown;
  /** Which operation it calls, once in each call; none for a token that is refused. */
  readonly operation: 'DeleteItem' | 'BatchGetItem' | undefined;
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
  const { logout, me } = packages.functions;
  const subjects: Subject[] = [
    {
      name: 'logout',
      fn: logout,
      event: ({ token }) => logoutEvent(token),
      operation: 'DeleteItem',
    },
    {
      name: 'DeleteCommand',
      fn: await buildBare('delete', logout, packages.directory),
      event: ({ session }) => session,
      operation: 'DeleteItem',
    },
    { name: 'check', fn: me, event: ({ token }) => meEvent(token), operation: 'BatchGetItem' },
    {
      name: 'BatchGetCommand',
      fn: await buildBare('batch-get', me, packages.directory),
      event: ({ session }) => session,
      operation: 'BatchGetItem',
    },
    {
      name: 'forged',
      fn: logout,
      event: ({ token }) => logoutEvent(forged(token)),
      operation: undefined,
    },
    { name: 'malformed', fn: logout, event: () => logoutEvent('garbage'), operation: undefined },
  ];
  const results = new Map<Name, WarmRun[]>(subjects.map(({ name }) => [name, []]));
  await interleaved(subjects, runs, async (subject, run) => {
    const result = await warmRun(subject, store);
    results.get(subject.name)?.push(result);
    progress(`run ${run + 1} of ${runs}: ${subject.name}: ${result.cpuUs.toFixed(0)} µs of CPU`);
  });
  return rowsOf(results);
}

/** The token with another signature: its first character, as the last one has bits that do not count. */
function forged(token: string): string {
  const at = token.lastIndexOf('.') + 1;
  return `${token.slice(0, at)}${token[at] === 'A' ? 'B' : 'A'}${token.slice(at + 1)}`;
}

async function warmRun({ name, fn, event, operation }: Subject, store: BenchStore) {
  const calls = WARM_UP + MEASURED;
  const events = (await store.begin(calls)).map(event);
  const before = await store.counts();
  const result = await runWarm(
    fn,
    { ...store.variables, ...store.secretVariables.environment },
    { warmUp: events.slice(0, WARM_UP), measured: events.slice(WARM_UP) },
  );
  if (result.statuses[200] !== calls)
    throw new Error(`${name} answered ${JSON.stringify(result.statuses)}`);
  requireStoreCalls(name, operation ? { [operation]: calls } : {}, before, await store.counts());
  return result;
}

function rowsOf(results: ReadonlyMap<Name, readonly WarmRun[]>): Row[] {
  const cpu = (name: Name) => measure((results.get(name) ?? []).map(({ cpuUs }) => cpuUs));
  const row = (what: string, name: Name, reference: Name, limit: number): Row => ({
    what,
    ours: cpu(name),
    reference: cpu(reference),
    referenceName: reference === 'logout' ? 'of a live token' : `bare ${reference}`,
    ratio: cpu(name).median / cpu(reference).median,
    limit,
    unit: 'µs',
  });
  return [
    row('CPU of a warm logout', 'logout', 'DeleteCommand', LOGOUT_LIMIT),
    row('CPU of a warm check (/me)', 'check', 'BatchGetCommand', CHECK_LIMIT),
    row('CPU of a logout, forged token', 'forged', 'logout', REFUSED_LIMIT),
    row('CPU of a logout, malformed token', 'malformed', 'logout', REFUSED_LIMIT),
  ];
}
