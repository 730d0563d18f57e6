import { randomUUID } from 'node:crypto';
import { afterEach, beforeAll, expect, jest, test } from '@jest/globals';
import { readConfiguration } from '../../../lib/auth/config.ts';
import { createIssuer } from '../../../lib/auth/services.ts';
import { refreshSession } from '../../../lib/login/issue.ts';
import { listSessions } from '../../../lib/sessions/list.ts';
import type { SessionMode } from '../../../lib/sessions/session-mode.ts';
import { findCurrent } from '../../../lib/sessions/sessions.ts';
import { freezeDate, FAR_NOW_MS as NOW_MS } from '../../support/clock.ts';
import { beginSession } from '../../support/session-rows.ts';
import { TEST_SECRET, testSigner } from '../../support/signing.ts';
import { useTestStore } from '../../support/store.ts';

const MAX_AGE_MS = 3_600_000;

const store = useTestStore();
let sessions: SessionMode;
beforeAll(() => {
  const variables = { JWT_SECRET: TEST_SECRET, SESSION_MAX_AGE: `${MAX_AGE_MS / 1_000}` };
  const [issuer] = readConfiguration({ SESSIONS_TABLE: store.table, ...variables }).issuers;
  if (!issuer) throw new Error('There is no issuer');
  sessions = createIssuer(issuer, store).sessions;
});
afterEach(() => {
  jest.useRealTimers();
});

/** Whether the check, the list, the end of a listed session and a refresh know a session. */
async function opinions(sub: string, jti: string) {
  const nowMs = Date.now();
  const row = { sub, jti };
  const limited = { ...store, maxAgeMs: MAX_AGE_MS };
  const { session } = await sessions.find(
    { session: { ...row, expires_at: 0 }, claims: {} },
    () => ({}),
  );
  const { sessions: listed } = await listSessions(sessions.store, sub, { limit: 9 });
  const current = await findCurrent(sessions.store, row);
  const next = { ttlSeconds: 86_400, jti: `${jti}+` };
  const refreshed = await refreshSession(limited, testSigner, row, next, nowMs);
  return [session?.jti, listed[0]?.jti, current?.jti, refreshed?.session.jti];
}

test('a registered session is over SESSION_MAX_AGE after its auth_time, refreshes included', async () => {
  const life = { auth_time: NOW_MS, expires_at: NOW_MS / 1_000 + 86_400 };
  const sub = randomUUID();
  await beginSession(store, sub, 's', life);
  freezeDate(NOW_MS + MAX_AGE_MS - 1);
  expect(await opinions(sub, 's')).toEqual(['s', 's', 's', 's+']);
  expect(await opinions(sub, 's+')).toEqual(['s+', 's+', 's+', 's++']);
  jest.setSystemTime(NOW_MS + MAX_AGE_MS);
  expect(await opinions(sub, 's++')).toEqual([undefined, undefined, undefined, undefined]);
  // A client whose answer got lost asks for the successor that it has not got.
  expect(await opinions(sub, 's+')).toEqual([undefined, undefined, undefined, undefined]);
});

test('without SESSION_MAX_AGE the row alone says how long a registered session lives', async () => {
  const [issuer] = readConfiguration({
    SESSIONS_TABLE: store.table,
    JWT_SECRET: TEST_SECRET,
  }).issuers;
  if (!issuer) throw new Error('There is no issuer');
  const sub = randomUUID();
  const life = { auth_time: NOW_MS, expires_at: NOW_MS / 1_000 + 400 * 86_400 };
  const row = await beginSession(store, sub, 's', life);
  freezeDate(row.expires_at * 1_000 - 1);
  const { find } = createIssuer(issuer, store).sessions;
  expect(await find({ session: row, claims: {} }, () => ({}))).toMatchObject({ session: row });
});
