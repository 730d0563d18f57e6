import { randomUUID } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { beginSession } from '../../../lib/login/issue.ts';
import { MAX_AUTH_TIME_AHEAD_MS } from '../../../lib/sessions/active.ts';
import { revokeAll } from '../../../lib/sessions/revoke-many.ts';
import type { Session } from '../../../lib/sessions/session.ts';
import { findSession } from '../../../lib/sessions/sessions.ts';
import { FAR_NOW_MS as NOW_MS } from '../../support/clock.ts';
import { useTestStore } from '../../support/store.ts';

const HOUR_MS = 3_600_000;

const store = useTestStore();

/** Logs in by a login service's clock. */
async function logIn(sub: string, clockMs: number): Promise<Session> {
  const session = await beginSession(store, { sub, ttlSeconds: 3 * 3_600 }, clockMs);
  if (!session) throw new Error('The jti is taken');
  return session;
}

const isActive = async (session: Session, clockMs = NOW_MS) =>
  (await findSession(store, session, clockMs)) !== null;

test.each([
  ['without a cutoff, of the clock', undefined, NOW_MS],
  ['with an older cutoff, of the clock', NOW_MS - HOUR_MS, NOW_MS],
  ['with a cutoff an hour ahead, of the cutoff', NOW_MS + HOUR_MS, NOW_MS + HOUR_MS + 1],
])('a login service’s clock may be 5 minutes ahead: %s', async (_, cutoffMs, fromMs) => {
  const sub = randomUUID();
  if (cutoffMs !== undefined) await revokeAll(store, sub, cutoffMs);
  expect(MAX_AUTH_TIME_AHEAD_MS).toBe(5 * 60_000);
  const last = await logIn(sub, fromMs + MAX_AUTH_TIME_AHEAD_MS);
  const beyond = await logIn(sub, fromMs + MAX_AUTH_TIME_AHEAD_MS + 1);
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
