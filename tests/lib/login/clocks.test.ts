/** Log-ins, logouts of many and refreshes whose clocks differ; all times are epoch milliseconds. */
import { randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { beginSession, refreshSession } from '../../../lib/login/issue.ts';
import { type RevokeScope, revokeAll, revokeMany } from '../../../lib/sessions/revoke-many.ts';
import type { Session } from '../../../lib/sessions/session.ts';
import { activeOf, findSession, readSession } from '../../../lib/sessions/sessions.ts';
import { FAR_NOW_MS as NOW_MS } from '../../support/clock.ts';
import { testSigner } from '../../support/signing.ts';
import { useTestStore } from '../../support/store.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

const store = useTestStore();

/** Logs in by a login service's clock. */
async function logIn(sub: string, clockMs: number): Promise<Session> {
  const session = await beginSession(store, { sub, ttlSeconds: 3 * 3_600 }, clockMs);
  if (!session) throw new Error('The jti is taken');
  return session;
}

/** A logout of many by a function's clock. */
async function endMany(caller: Session, scope: RevokeScope, clockMs: number) {
  const read = await readSession(store, caller);
  const session = activeOf(store, read, clockMs);
  if (!session) throw new Error('The caller’s session is over');
  const cutoff = await revokeMany(store, { ...read, session }, scope, clockMs);
  if (!cutoff) throw new Error('The caller’s session was ended meanwhile');
  return cutoff;
}

const isActive = async (session: Session, clockMs = NOW_MS) =>
  (await findSession(store, session, clockMs)) !== null;

const CLOCKS = [-HOUR_MS, -50, -1, 0, 1, 50, 5 * MINUTE_MS];

describe('a log-in after a logout everywhere lives', () => {
  test.each(CLOCKS)(
    'by a login clock %i ms ahead, after a caller’s cutoff an hour ahead',
    async (aheadMs) => {
      const sub = randomUUID();
      const cutoff = await endMany(await logIn(sub, NOW_MS), 'everywhere', NOW_MS + HOUR_MS);
      expect(cutoff.revoked_before).toBe(NOW_MS + HOUR_MS);
      const after = await logIn(sub, NOW_MS + aheadMs);
      expect(after.auth_time).toBe(NOW_MS + HOUR_MS + 1);
      expect(await isActive(after)).toBe(true);
    },
  );

  test('and is refreshed, also by a clock that is behind', async () => {
    const sub = randomUUID();
    await endMany(await logIn(sub, NOW_MS - 1), 'everywhere', NOW_MS);
    const after = await logIn(sub, NOW_MS - 50);
    const request = { ttlSeconds: 3_600 };
    const refreshed = await refreshSession(store, testSigner, after, request, NOW_MS - 40);
    if (!refreshed) throw new Error('An active session was not refreshed');
    expect(refreshed.session.auth_time).toBe(after.auth_time);
    expect(await isActive(refreshed.session)).toBe(true);
  });
});

describe('a second logout everywhere a moment later ends the log-in between the two', () => {
  test.each([-HOUR_MS, -50, 0, 50])('by a function’s clock %i ms ahead', async (aheadMs) => {
    const sub = randomUUID();
    const first = await logIn(sub, NOW_MS - 1);
    const cutoff = await endMany(first, 'everywhere', NOW_MS);
    const between = await logIn(sub, NOW_MS - 50);
    const second = await endMany(between, 'everywhere', NOW_MS + aheadMs);
    expect(second.revoked_before).toBeGreaterThan(cutoff.revoked_before);
    expect(await isActive(between)).toBe(false);
    expect(await isActive(await logIn(sub, NOW_MS - 50))).toBe(true);
  });

  test('by another device, which the one between does not survive as an other', async () => {
    const sub = randomUUID();
    await endMany(await logIn(sub, NOW_MS - 1), 'everywhere', NOW_MS);
    const [phone, laptop] = [await logIn(sub, NOW_MS - 50), await logIn(sub, NOW_MS - 50)];
    await endMany(laptop, 'others', NOW_MS - 20);
    expect([await isActive(phone), await isActive(laptop)]).toEqual([false, true]);
  });
});

describe('how far a login service’s clock may be ahead', () => {
  const limitMs = 5 * MINUTE_MS;
  const cases: [string, number | undefined, number][] = [
    ['without a cutoff, of the clock', undefined, NOW_MS],
    ['with an older cutoff, of the clock', NOW_MS - HOUR_MS, NOW_MS],
    ['with a cutoff an hour ahead, of the cutoff', NOW_MS + HOUR_MS, NOW_MS + HOUR_MS + 1],
  ];
  test.each(cases)('%s: 5 minutes', async (_, cutoffMs, fromMs) => {
    const sub = randomUUID();
    if (cutoffMs !== undefined) await revokeAll(store, sub, cutoffMs);
    const [last, beyond] = [
      await logIn(sub, fromMs + limitMs),
      await logIn(sub, fromMs + limitMs + 1),
    ];
    expect(await isActive(last)).toBe(true);
    await expect(isActive(beyond)).rejects.toMatchObject({
      name: 'InvalidSessionError',
      attribute: 'auth_time',
    });
    // In time the clock gets there, and an administrator ends the session before.
    expect(await isActive(beyond, fromMs + 1)).toBe(true);
    await revokeAll(store, sub, NOW_MS);
    expect([await isActive(last), await isActive(beyond, fromMs + 1)]).toEqual([false, false]);
    expect(await isActive(await logIn(sub, NOW_MS))).toBe(true);
  });
});
