import { randomUUID } from 'node:crypto';
import { describe, expect, jest, test } from '@jest/globals';
import { refreshSession } from '../../../lib/login/issue.ts';
import { registeredSessions } from '../../../lib/sessions/registered.ts';
import type { Session } from '../../../lib/sessions/session.ts';
import { endSession, readSession } from '../../../lib/sessions/sessions.ts';
import { withIdleTimeout } from '../../../lib/sessions/touch.ts';
import { useFrozenDate } from '../../support/clock.ts';
import { useProxiedStore } from '../../support/proxied-store.ts';
import { beginSession, NOW_MS } from '../../support/session-rows.ts';
import { issueTestSession, testSigner } from '../../support/signing.ts';

const IDLE_MS = 10_000;
const store = useProxiedStore();

useFrozenDate(NOW_MS);

const idle = () =>
  withIdleTimeout(registeredSessions({ ...store.proxied, idleMs: IDLE_MS }), IDLE_MS);
const begin = (changes: Partial<Session> = {}) =>
  beginSession(store.direct, randomUUID(), 'j', changes);
const check = (session: Session) => idle().find({ session, claims: {} }, () => ({}));
const lastSeen = async (session: Session) =>
  (await readSession(store.direct, session)).row?.last_seen;

describe('a check', () => {
  test.each([
    ['a session without last_seen', undefined, true],
    ['a session unused for a tenth of the time-out', NOW_MS - 1_000, true],
    ['a session unused for a little less', NOW_MS - 999, false],
    ['a session unused for the whole time-out', NOW_MS - IDLE_MS, true],
    ['a session of a clock ahead', NOW_MS + 60_000, false],
  ])('of %s', async (_, last_seen, written) => {
    const session = await begin(last_seen === undefined ? {} : { last_seen });
    expect(await check(session)).toMatchObject({ session: { jti: 'j' } });
    expect(await lastSeen(session)).toBe(written ? NOW_MS : last_seen);
    expect(store.operations()).toEqual(['BatchGetItem', ...(written ? ['UpdateItem'] : [])]);
  });

  test('of a session unused for longer is denied, and writes nothing', async () => {
    const session = await begin({ last_seen: NOW_MS - IDLE_MS - 1 });
    expect(await check(session)).toEqual({ denial: 'session_idle' });
    expect(store.operations()).toEqual(['BatchGetItem']);
  });

  test('leaves every other attribute, expires_at above all', async () => {
    const session = await begin({ ip: '192.0.2.1' });
    await check(session);
    expect((await readSession(store.direct, session)).row).toEqual({
      ...session,
      last_seen: NOW_MS,
    });
  });

  test('of an idle row says that it has ended where both are so', async () => {
    const session = await begin({ last_seen: 1_000_000_000_000, ended_at: NOW_MS - 1 });
    expect(await check(session)).toEqual({ denial: 'session_ended' });
  });
});

describe('a touch whose condition fails', () => {
  /** Runs something between the read of a check and its touch. */
  async function checkBeside(session: Session, beside: () => Promise<unknown>) {
    const sessions = registeredSessions({ ...store.proxied, idleMs: IDLE_MS });
    let reads = 0;
    const slow = withIdleTimeout(
      {
        ...sessions,
        find: async (...asked) => {
          const found = await sessions.find(...asked);
          reads += 1;
          if (reads === 1) await beside();
          return found;
        },
      },
      IDLE_MS,
    );
    return slow.find({ session, claims: {} }, () => ({}));
  }

  // connect-dynamodb's touch is unconditional, so that one that races a logout puts the row again.
  test('never revives a session that was ended since the read, as connect-dynamodb does', async () => {
    const session = await begin();
    const found = await checkBeside(session, () => endSession(store.direct, session));
    expect(found).toEqual({ denial: 'session_ended' });
    expect((await readSession(store.direct, session)).row).toBeUndefined();
  });

  test('lets in beside another that came first', async () => {
    const session = await begin();
    const found = await checkBeside(session, async () => {
      jest.setSystemTime(NOW_MS + 5);
      await check(session);
      jest.setSystemTime(NOW_MS);
    });
    expect(found).toMatchObject({ session: { last_seen: NOW_MS + 5 } });
  });
});

describe('a touch that cannot be done', () => {
  test.each(['internal-error', 'throttle', 'unavailable', 'access-denied', 'reset'] as const)(
    'for the fault %s lets in, after one attempt',
    async (fault) => {
      const session = await begin();
      await store.proxy.fault(fault, { operation: 'UpdateItem' });
      const found = await check(session);
      expect(found).toMatchObject({ session: { jti: 'j' }, touchError: expect.anything() });
      expect(store.operations()).toEqual(['BatchGetItem', 'UpdateItem']);
    },
  );

  test('as the store hangs lets in', async () => {
    const session = await begin();
    await store.proxy.fault('hang', { operation: 'UpdateItem' });
    expect(await check(session)).toMatchObject({ touchError: { name: expect.any(String) } });
    expect(store.operations()).toEqual(['BatchGetItem', 'UpdateItem']);
  });
});

describe('a login service with an idle time-out', () => {
  const withIdle = () => ({ ...store.proxied, idleMs: IDLE_MS });
  const refresh = (session: Session, nowMs: number) =>
    refreshSession(withIdle(), testSigner, session, { ttlSeconds: 60 }, nowMs);

  test('writes the log-in as the first use, and nothing without a time-out', async () => {
    const { session } = await issueTestSession(withIdle(), { sub: randomUUID() });
    expect(await lastSeen(session)).toBe(NOW_MS);
    const { session: off } = await issueTestSession(store.proxied, { sub: randomUUID() });
    expect((await readSession(store.direct, off)).row).not.toHaveProperty('last_seen');
  });

  test('lets a refreshed session inherit the last use: a refresh is none', async () => {
    const session = await begin({ last_seen: NOW_MS - 4_000 });
    const refreshed = await refresh(session, NOW_MS);
    expect(refreshed?.session).toMatchObject({ last_seen: NOW_MS - 4_000 });
    expect(await lastSeen(refreshed?.session ?? session)).toBe(NOW_MS - 4_000);
  });

  test('refreshes no idle session', async () => {
    const session = await begin({ last_seen: NOW_MS - IDLE_MS - 1 });
    expect(await refresh(session, NOW_MS)).toBeNull();
    expect(store.operations()).toEqual(['BatchGetItem']);
    expect(await refresh(session, NOW_MS - 1)).not.toBeNull();
  });
});
