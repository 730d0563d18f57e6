import { randomUUID } from 'node:crypto';
import { logoutEvent } from './event.ts';
import { packageFunctions } from './packaged.ts';
import { measure, type Row } from './row.ts';
import { Environment } from './runtime-api.ts';
import { interleaved } from './statistics.ts';
import { type BenchStore, type LiveSession, openBenchStore } from './store.ts';

const SESSIONS = [1, 100, 10_000, 100_000] as const;
/** "Flat": what a user with the most sessions may cost, against one with a single other session. */
const FLAT_LIMIT = 1.25;
const WARM_UP = 40;
/** Of one logout: the check of the caller, the cutoff, and the sweep's query and delete. */
const STORE_CALLS = 4;
/** Calls in one sample, as one call is too short for the operating system's accounting. */
const CALLS = 20;

interface User {
  readonly count: number;
  readonly sub: string;
  /** Some of the sessions that the first logout has to end. */
  readonly sample: readonly LiveSession[];
  readonly environment: Environment;
  readonly cpuMs: number[];
}

/**
 * Logout everywhere, for users with ever more sessions: the same CPU and the same calls of the store,
 * however many sessions there are, and none of them alive after it.
 *
 * Not the time that it takes: this embedded store reads a whole partition to find 25 rows of it, which
 * DynamoDB does not.
 */
export async function everywhereRows({
  runs,
  progress,
}: {
  runs: number;
  progress: (line: string) => void;
}): Promise<Row[]> {
  await using store = await openBenchStore();
  await using packages = await packageFunctions();
  await using environments = new AsyncDisposableStack();
  const users: User[] = [];
  for (const count of SESSIONS) {
    progress(`beginning ${count} sessions`);
    const sub = randomUUID();
    const sessions = await store.begin(count, sub);
    const variables = { ...store.variables, ...store.secretVariables.environment };
    const environment = environments.use(
      await Environment.open(packages.functions.logout, variables),
    );
    const sample = [0, count / 2, count - 1].flatMap((at) => sessions[Math.floor(at)] ?? []);
    users.push({ count, sub, sample, environment, cpuMs: [] });
  }
  for (const user of users) await logoutEverywhere(user, store, WARM_UP);
  await interleaved(users, runs, async (user, run) => {
    const cpuMs = await logoutEverywhere(user, store, CALLS);
    user.cpuMs.push(cpuMs);
    progress(`run ${run + 1} of ${runs}: ${user.count} sessions: ${cpuMs.toFixed(2)} ms of CPU`);
  });
  return rowsOf(users);
}

/** @returns CPU of one call, in milliseconds */
async function logoutEverywhere(user: User, store: BenchStore, calls: number): Promise<number> {
  let cpuMs = 0;
  let last = Number.NaN;
  for (let call = 0; call <= calls; call += 1) {
    // A new session each time, as the one before has ended itself as well.
    const [caller] = await store.begin(1, user.sub);
    if (!caller) throw new Error('No session to end all others with');
    const event = { ...logoutEvent(caller.token), queryStringParameters: { scope: 'everywhere' } };
    const before = await requests(store);
    const invocation = await user.environment.invoke(event);
    const made = (await requests(store)) - before;
    if (made !== STORE_CALLS)
      throw new Error(`${user.count} sessions: ${made} calls of the store, not ${STORE_CALLS}`);
    if (invocation.response.statusCode !== 200)
      throw new Error(`${user.count} sessions: ${JSON.stringify(invocation.response)}`);
    for (const { session } of [caller, ...user.sample])
      if (await store.isAlive(session)) throw new Error(`${user.count} sessions: one is alive`);
    // Between two answers lie one call, and the exchange with the runtime API, which is the same for all.
    if (call > 0) cpuMs += invocation.cpuMs - last;
    last = invocation.cpuMs;
  }
  return cpuMs / calls;
}

async function requests(store: BenchStore): Promise<number> {
  return Object.values(await store.counts()).reduce((sum, count) => sum + count, 0);
}

function rowsOf(users: readonly User[]): Row[] {
  const [single, ...others] = users.map(({ count, cpuMs }) => ({ count, cpu: measure(cpuMs) }));
  if (!single) throw new Error('No user was measured');
  return others.map(({ count, cpu }) => ({
    what: `CPU of logout everywhere, ${count.toLocaleString('en')} sessions`,
    ours: cpu,
    reference: single.cpu,
    referenceName: 'one session',
    ratio: cpu.median / single.cpu.median,
    limit: FLAT_LIMIT,
    unit: 'ms',
  }));
}
