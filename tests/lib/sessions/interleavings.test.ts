/**
 * Racing operations on one token family under every order of their store operations, also where a
 * process dies after a write or an answer gets lost. With faults the orders are sampled, the same
 * sample each time; INTERLEAVINGS=all explores all orders of two short operations, in some minutes.
 */
import { randomUUID } from 'node:crypto';
import { describe, expect, jest, test } from '@jest/globals';
import type { SessionStore } from '../../../lib/aws/dynamodb.ts';
import { createSession, rotateSession } from '../../../lib/login/create-session.ts';
import { beginSession as logIn } from '../../../lib/login/issue.ts';
import { deleteRevoked } from '../../../lib/sessions/delete-revoked.ts';
import { type RevokeScope, revokeAll, revokeMany } from '../../../lib/sessions/revoke-many.ts';
import type { Session } from '../../../lib/sessions/session.ts';
import {
  activeOf,
  endSession,
  findCurrent,
  findSession,
  readSession,
} from '../../../lib/sessions/sessions.ts';
import { FAR_NOW_MS as NOW_MS } from '../../support/clock.ts';
import {
  type Choose,
  exploreAll,
  exploreSome,
  useInterleavedStore,
} from '../../support/interleaving.ts';

jest.setTimeout(600_000);

const { interleaved, direct } = useInterleavedStore();

/** A user's two token families, and every token of the first that was handed out. */
class User {
  readonly sub = randomUUID();
  readonly phone = this.#session('phone');
  readonly laptop = this.#session('laptop');
  readonly handedOut = new Map([['phone', this.phone]]);
  /** What refreshes of one token answered, by its `jti`. */
  readonly refreshed = new Map<string, Set<string>>();
  /** The phone's family is over, by an answer. */
  over = false;
  #names = 0;

  #session(jti: string): Session {
    const { sub } = this;
    return { sub, jti, sid: jti, auth_time: NOW_MS - 1_000, expires_at: NOW_MS / 1_000 + 60 };
  }
  nextJti(): string {
    this.#names += 1;
    return `s${this.#names}`;
  }
  async active(): Promise<string[]> {
    const found: string[] = [];
    for (const session of this.handedOut.values())
      if (await findSession(direct, session, NOW_MS)) found.push(session.jti);
    return found;
  }
  async expectOver(): Promise<void> {
    this.over = true;
    expect(await this.active()).toEqual([]);
  }
}

/** What a client asks for. @returns whether the answer was a success */
interface Operation {
  readonly name: string;
  /** Whether a success ends the phone's token family. */
  readonly ends: boolean;
  readonly run: (store: SessionStore, user: User) => Promise<boolean>;
}

async function refreshOnce(store: SessionStore, user: User, old: Session): Promise<Session | null> {
  const rotation = { jti: user.nextJti(), expires_at: NOW_MS / 1_000 + 60 };
  const session = await rotateSession(store, old, rotation, NOW_MS, 10_000);
  if (!session) return null;
  user.handedOut.set(session.jti, session);
  user.refreshed.set(old.jti, (user.refreshed.get(old.jti) ?? new Set()).add(session.jti));
  // The old token opens nothing from the first answer on.
  expect(await findSession(direct, old, NOW_MS)).toBeNull();
  if (user.over) await user.expectOver();
  return session;
}

const refresh: Operation = {
  name: 'refresh',
  ends: false,
  run: async (store, user) => (await refreshOnce(store, user, user.phone)) !== null,
};

const refreshTwice: Operation = {
  name: 'refresh and refresh of the result',
  ends: false,
  run: async (store, user) => {
    // Interrupted between the two, the client goes on with the token that it holds.
    const [held = ''] = user.refreshed.get('phone') ?? [];
    const first = user.handedOut.get(held) ?? (await refreshOnce(store, user, user.phone));
    return first !== null && (await refreshOnce(store, user, first)) !== null;
  },
};

/** An operation that ends the phone's token family: after a success nothing handed out opens anything. */
function ending(name: string, end: Operation['run']): Operation {
  const run: Operation['run'] = async (store, user) => {
    const success = await end(store, user);
    if (success) await user.expectOver();
    return success;
  };
  return { name, ends: true, run };
}

const logout = ending('logout', async (store, { phone }) => {
  await endSession(store, phone);
  return true;
});

/** `DELETE /sessions/{id}` by the laptop; 404 says that the family is over, like 204. */
const endOne = ending('end-one', async (store, { laptop, phone }) => {
  expect(await findSession(store, laptop, NOW_MS)).toEqual(laptop);
  const session = await findCurrent(store, phone, NOW_MS);
  if (session) await endSession(store, session);
  return true;
});

function endMany(scope: RevokeScope, by: 'phone' | 'laptop'): Operation {
  return ending(`${scope} by the ${by}`, async (store, user) => {
    const read = await readSession(store, user[by]);
    const session = activeOf(store, read, NOW_MS);
    const cutoff = session && (await revokeMany(store, { ...read, session }, scope, NOW_MS));
    // The deletion has half a second; on a slow server the rows stay, as they may.
    if (cutoff) await Promise.allSettled([deleteRevoked(store, user.sub, cutoff)]);
    return cutoff !== null;
  });
}

const everywhere = endMany('everywhere', 'laptop');
const others = endMany('others', 'laptop');
const byAdministrator = ending('all by an administrator', async (store, { sub }) => {
  await revokeAll(store, sub, NOW_MS);
  return true;
});

/** Runs one schedule, lets the user repeat whatever did not answer, and checks what holds at rest. */
async function runOnce(
  operations: readonly Operation[],
  choose: Choose,
  fault: boolean,
): Promise<void> {
  const user = new User();
  await createSession(direct, user.phone);
  await createSession(direct, user.laptop);
  const tasks = operations.map(
    ({ run }) =>
      () =>
        run(interleaved.store, user),
  );
  const outcomes = await interleaved.schedule(tasks, choose, fault);
  try {
    const successes: boolean[] = [];
    for (const [index, outcome] of outcomes.entries()) {
      const operation = operations[index];
      if (outcome.status === 'failed' && (!fault || isAssertion(outcome.error)))
        throw outcome.error;
      if (outcome.status === 'answered') successes.push(outcome.value);
      else if (operation) successes.push(await operation.run(direct, user));
    }
    const interrupted = outcomes.some(
      ({ status }, index) => operations[index]?.ends && status !== 'answered',
    );
    await expectAtRest(operations, successes, user, interrupted);
  } catch (error) {
    if (error instanceof Error) error.message += `\nSchedule: ${interleaved.trace.join(', ')}`;
    throw error;
  }
}

const isAssertion = (error: unknown) => error instanceof Error && 'matcherResult' in error;

async function expectAtRest(
  operations: readonly Operation[],
  successes: readonly boolean[],
  user: User,
  interrupted: boolean,
): Promise<void> {
  const ended = operations.some(({ ends }, index) => ends && successes[index]);
  expect(user.over).toBe(ended);
  for (const successors of user.refreshed.values()) expect(successors.size).toBe(1);
  for (const jti of user.refreshed.keys()) expect(await user.active()).not.toContain(jti);
  // An interrupted call may have ended its own caller’s session, which is refused when it tries again.
  if (!ended && interrupted) return;
  if (!ended) {
    const last = [...user.handedOut.keys()].filter((jti) => !user.refreshed.has(jti));
    expect(await user.active()).toEqual(last);
    expect(last).toHaveLength(1);
    // Nobody’s session is lost; the first token’s successor may have been refreshed itself.
    if (operations.every(({ name }) => name === 'refresh'))
      expect(successes).toEqual(operations.map(() => true));
    return;
  }
  expect(await user.active()).toEqual([]);
  for (const session of [...user.handedOut.values()])
    expect(await refreshOnce(direct, user, session)).toBeNull();
}

/** Whether all schedules of two operations with faults are explored, and more of the others. */
const ALL = process.env.INTERLEAVINGS === 'all';
/** Operations of so many steps that a pair with faults has thousands of schedules. */
const LONG: readonly Operation[] = [refreshTwice, everywhere, byAdministrator];

type Case = readonly [string, ...Operation[]];
const cases = (...sets: readonly Operation[][]): Case[] =>
  sets.map((set) => [set.map(({ name }) => name).join(' + '), ...set]);

const pairs = cases(
  [refresh, refresh],
  [refresh, logout],
  [refreshTwice, logout],
  [refresh, others],
  [refresh, everywhere],
  [refresh, endMany('everywhere', 'phone')],
  [refresh, endOne],
  [refresh, byAdministrator],
  [logout, logout],
  [logout, endOne],
  [everywhere, everywhere],
  [everywhere, byAdministrator],
);

describe('in every order of the store operations', () => {
  test.each(pairs)('%s', async (_, ...operations) => {
    const run = (choose: Choose) => runOnce(operations, choose, false);
    const long = operations.includes(refreshTwice);
    const runs = long && !ALL ? exploreSome(20, run) : exploreAll(run);
    expect(await runs).toBeGreaterThan(1);
  });
});

describe('where a process dies after a write, or the answer to a write is lost', () => {
  test.each(cases([refresh], [refreshTwice], [logout], [endOne], [everywhere], [byAdministrator]))(
    'alone: %s',
    async (_, ...operations) => {
      const runs = await exploreAll((choose) => runOnce(operations, choose, true));
      expect(runs).toBeGreaterThan(1);
    },
  );

  test.each(pairs)('%s', async (_, ...operations) => {
    const run = (choose: Choose) => runOnce(operations, choose, true);
    const long = operations.some((each) => LONG.includes(each));
    const runs = ALL && !long ? exploreAll(run) : exploreSome(ALL ? 150 : 5, run);
    expect(await runs).toBeGreaterThan(1);
  });
});

describe('in some orders, deaths and lost answers included', () => {
  test.each(
    cases(
      [refreshTwice, endOne],
      [refresh, refresh, refresh],
      [refreshTwice, refresh, logout],
      [refresh, logout, logout],
      [refresh, refresh, endOne],
      [refresh, others, logout],
      [refreshTwice, everywhere, byAdministrator],
    ),
  )('%s', async (_, ...operations) => {
    await exploreSome(ALL ? 60 : 5, (choose) => runOnce(operations, choose, true));
  });
});

describe('a log-in beside a logout of everything', () => {
  const ends = { everywhere, 'all by an administrator': byAdministrator };
  const clocks = [-3_600_000, -50, 0, 50, 300_000];
  test.each(
    Object.entries(ends).flatMap(([name, end]) =>
      clocks.map((aheadMs) => [name, aheadMs, end] as const),
    ),
  )('%s, the login clock %i ms ahead', async (_, aheadMs, end) => {
    await exploreAll(async (choose) => {
      const user = new User();
      await createSession(direct, user.laptop);
      const begin = async (store: SessionStore) => {
        const session = await logIn(store, { sub: user.sub, ttlSeconds: 7_200 }, NOW_MS + aheadMs);
        if (!session) throw new Error('The jti is taken');
        return session;
      };
      const tasks = [
        () => begin(interleaved.store),
        async () => {
          await end.run(interleaved.store, user);
          return undefined;
        },
      ];
      const [login, ended] = await interleaved.schedule(tasks, choose);
      if (login?.status !== 'answered' || !login.value || ended?.status !== 'answered')
        throw new Error('A task failed', { cause: login });
      const active = (await findSession(direct, login.value, NOW_MS)) !== null;
      if (login.after.includes(1)) expect(active).toBe(true);
      // The bound that is left: a log-in by a clock ahead survives a logout by another session.
      if (ended.after.includes(0) && (end === byAdministrator || aheadMs <= 0))
        expect(active).toBe(false);
      expect(await findSession(direct, await begin(direct), NOW_MS)).not.toBeNull();
    });
  });
});
