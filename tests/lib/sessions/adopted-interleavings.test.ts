/**
 * Racing operations on an adopted session under every order of their store operations, also where a
 * process dies after a write or an answer gets lost; the refreshes are those of a login service that
 * writes rows, as in a cutover. Long ones are sampled, unless INTERLEAVINGS=all.
 */
import { randomUUID } from 'node:crypto';
import { describe, expect, jest, test } from '@jest/globals';
import type { SessionStore } from '../../../lib/aws/dynamodb.ts';
import { rotateSession } from '../../../lib/login/create-session.ts';
import { adoptedSessions } from '../../../lib/sessions/adopted.ts';
import { type RevokeScope, revokeAll, revokeMany } from '../../../lib/sessions/revoke-many.ts';
import { findCurrent } from '../../../lib/sessions/sessions.ts';
import { FAR_NOW_MS as NOW_MS, useFrozenDate } from '../../support/clock.ts';
import {
  type Choose,
  exploreAll,
  exploreSome,
  useInterleavedStore,
} from '../../support/interleaving.ts';
import { beginSession } from '../../support/session-rows.ts';

jest.setTimeout(600_000);

const EXP = NOW_MS / 1_000 + 60;

const stores = useInterleavedStore();
useFrozenDate(NOW_MS);

/** A user whose laptop is known, and whose phone is known only where a login service has put its row. */
class User {
  readonly sub = randomUUID();
  /** Tokens of the phone's session, by `jti`. */
  readonly handedOut = new Set(['phone']);
  /** The phone's session is over, by an answer. */
  over = false;

  async check(store: SessionStore, jti: string) {
    const token = {
      session: { sub: this.sub, jti, expires_at: EXP },
      claims: { auth_time: EXP - 90 },
    };
    return adoptedSessions(store, { maxAgeMs: 3_600_000, tokenIsSession: true }).find(
      token,
      () => ({}),
    );
  }
  async end(store: SessionStore, jti: string): Promise<boolean> {
    const sessions = adoptedSessions(store, { maxAgeMs: 3_600_000, tokenIsSession: true });
    return sessions.end({ sub: this.sub, jti, expires_at: EXP });
  }
  async active(): Promise<string[]> {
    const found: string[] = [];
    for (const jti of this.handedOut)
      if ((await this.check(stores.direct, jti)).session) found.push(jti);
    return found;
  }
}

/** What a client asks for. @returns whether the answer was a success */
interface Operation {
  readonly name: string;
  readonly run: (store: SessionStore, user: User) => Promise<boolean>;
}

const check: Operation = {
  name: 'check',
  run: async (store, user) => {
    const over = user.over;
    const { session } = await user.check(store, 'phone');
    if (session) expect(over).toBe(false);
    return session !== undefined;
  },
};

const refresh: Operation = {
  name: 'refresh',
  run: async (store, user) => {
    const rotation = { jti: randomUUID(), expires_at: EXP };
    const old = { sub: user.sub, jti: 'phone' };
    const session = await rotateSession(store, old, rotation, NOW_MS, 10_000);
    if (session) user.handedOut.add(session.jti);
    if (user.over) expect(await user.active()).toEqual([]);
    return session !== null;
  },
};

/** After a success nothing handed out opens anything. */
function ending(name: string, end: Operation['run']): Operation {
  return {
    name,
    run: async (store, user) => {
      const success = await end(store, user);
      if (success) {
        user.over = true;
        expect(await user.active()).toEqual([]);
      }
      return success;
    },
  };
}

const logout = ending('logout', async (store, user) => {
  await user.end(store, 'phone');
  return true;
});

/** `DELETE /sessions/{id}` by the laptop; a 404 promises nothing of a session that no check has met. */
const endOne = ending('end-one', async (store, user) => {
  const session = await findCurrent(store, { sub: user.sub, jti: 'phone' }, NOW_MS);
  if (!session) return false;
  await user.end(store, session.jti);
  return true;
});

const endMany = (scope: RevokeScope, by: 'phone' | 'laptop') =>
  ending(`${scope} by the ${by}`, async (store, user) => {
    const found = await user.check(store, by);
    return found.session ? (await revokeMany(store, found, scope, NOW_MS)) !== null : false;
  });

const byAdministrator = ending('all by an administrator', async (store, { sub }) => {
  await revokeAll(store, sub, NOW_MS);
  return true;
});

/** Runs one schedule, lets the user repeat whatever did not answer, and checks what holds at rest. */
async function runOnce(
  operations: readonly Operation[],
  choose: Choose,
  fault: boolean,
  isKnown: boolean,
): Promise<void> {
  const user = new User();
  await beginSession(stores.direct, user.sub, 'laptop', {
    auth_time: NOW_MS - 1_000,
    expires_at: EXP,
  });
  if (isKnown)
    await beginSession(stores.direct, user.sub, 'phone', {
      auth_time: NOW_MS - 1_000,
      expires_at: EXP,
    });
  const tasks = operations.map(
    ({ run }) =>
      () =>
        run(stores.interleaved.store, user),
  );
  const outcomes = await stores.interleaved.schedule(tasks, choose, fault);
  try {
    for (const [index, outcome] of outcomes.entries()) {
      const isAssertion =
        outcome.status === 'failed' &&
        outcome.error instanceof Error &&
        'matcherResult' in outcome.error;
      if (outcome.status === 'failed' && (!fault || isAssertion)) throw outcome.error;
      if (outcome.status !== 'answered') await operations[index]?.run(stores.direct, user);
    }
    const active = await user.active();
    if (user.over) expect(active).toEqual([]);
    // Nobody's session is lost.
    const isEnding = operations.some(({ name }) => name !== 'check' && name !== 'refresh');
    if (!user.over && !isEnding) expect(active).toHaveLength(1);
  } catch (error) {
    if (error instanceof Error)
      error.message += `\nSchedule: ${stores.interleaved.trace.join(', ')}`;
    throw error;
  }
}

/** Whether all schedules of two operations are explored, and more of the others. */
const ALL = process.env.INTERLEAVINGS === 'all';

type Case = readonly [string, boolean, ...Operation[]];
const cases = (isKnown: boolean, ...sets: readonly Operation[][]): Case[] =>
  sets.map((set) => [set.map(({ name }) => name).join(' + '), isKnown, ...set]);

const TABLE = [
  ...cases(
    false,
    [check, check],
    [check, logout],
    [logout, logout],
    [check, endOne],
    [check, endMany('everywhere', 'laptop')],
    [check, endMany('everywhere', 'phone')],
    [check, byAdministrator],
    [check, check, logout],
  ),
  // In a cutover.
  ...cases(
    true,
    [refresh, logout],
    [refresh, endOne],
    [refresh, endMany('everywhere', 'laptop')],
    [refresh, check, logout],
    [refresh, refresh, logout],
  ),
];

describe.each([
  ['in every order of the store operations', false],
  ['where a process dies after a write, or the answer to a write is lost', true],
])('%s', (_, fault) => {
  test.each(TABLE)('%s (known: %j)', async (_name, isKnown, ...operations) => {
    const run = (choose: Choose) => runOnce(operations, choose, fault, isKnown);
    const isShort = operations.every((each) => each === check || each === logout);
    const isLong = fault && operations.length > 2;
    const isSampled = isLong || (!ALL && (operations.length > 2 || (fault && !isShort)));
    const runs = isSampled ? exploreSome(ALL ? 150 : 8, run) : exploreAll(run);
    expect(await runs).toBeGreaterThan(1);
  });
});
