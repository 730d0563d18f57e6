import { randomUUID } from 'node:crypto';
import { Environment } from './environment.ts';
import { logoutEvent } from './gateway-event.ts';
import { type Bench, compare, measureInTurns, type PartResult, type Turns } from './measure.ts';

const SESSIONS = [1, 100, 10_000, 100_000] as const;
/** The cost for a user with many sessions, against the cost for a user with one other session. */
const FLAT_LIMIT = 1.25;
/** The check of the caller, the cutoff, and the query and the delete of revoked rows. */
const STORE_CALLS = { BatchGetItem: 1, UpdateItem: 1, Query: 1, BatchWriteItem: 1 };
/** Calls in one sample, as one call is too short for the operating system's accounting. */
const CALLS = 20;
/** Samples before those that count. */
const WARM_UPS = 2;

/**
 * Logout everywhere of users with 1 to 100,000 sessions: the same CPU and the same store calls, and no session
 * alive afterwards. Not its time: the embedded store reads a whole partition to find 25 rows, unlike DynamoDB.
 */
export async function measureEverywhere(
  { store, packages }: Bench,
  turns: Turns,
): Promise<PartResult> {
  await using environments = new AsyncDisposableStack();

  async function openUser(count: number) {
    const name = count === 1 ? 'one session' : `${count.toLocaleString('en')} sessions`;
    turns.progress(`beginning ${name}`);
    const sub = randomUUID();
    const sessions = await store.begin(count, sub);
    const sample = [0, count / 2, count - 1].flatMap((at) => sessions[Math.floor(at)] ?? []);
    const environment = new Environment(packages.functions.logout, store.variables);
    return { name, sub, sample, environment: environments.use(environment) };
  }

  /** @returns CPU of one call, in milliseconds */
  async function cpuOfCalls(user: Awaited<ReturnType<typeof openUser>>): Promise<number> {
    const { name, sub, sample, environment } = user;
    const cpuMs: number[] = [];
    for (let call = 0; call <= CALLS; call += 1) {
      // A new session each time, since a logout everywhere ends its own session too.
      const caller = await store.beginOne(sub);
      const event = logoutEvent(caller.token, '?scope=everywhere');
      const used = await store.expectCalls(name, STORE_CALLS, () => environment.invoke(event));
      for (const { session } of [caller, ...sample])
        if (await store.isAlive(session)) throw new Error(`${name}: one is alive`);
      cpuMs.push(used.cpuMs);
    }
    // Between two answers lie one call and one exchange of messages, the same for all.
    return (Math.max(...cpuMs) - Math.min(...cpuMs)) / CALLS;
  }

  const users = [];
  for (const count of SESSIONS) users.push(await openUser(count));
  const cpuMs = await measureInTurns(users, turns, cpuOfCalls, WARM_UPS);
  const [single, ...others] = users.map(({ name }) => ({ name, samples: cpuMs(name) }));
  if (!single) throw new Error('No user was measured');
  return {
    rows: others.map(({ name, samples }) =>
      compare(`CPU of logout everywhere, ${name}`, 'ms', samples, single, { limit: FLAT_LIMIT }),
    ),
  };
}
