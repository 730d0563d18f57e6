import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createSession, rotateSession } from '../../../lib/login/create-session.ts';
import { newSession, refreshSession } from '../../../lib/login/issue.ts';
import { listSessions } from '../../../lib/sessions/list.ts';
import { revokeMany } from '../../../lib/sessions/revoke-many.ts';
import { findSession } from '../../../lib/sessions/sessions.ts';
import type { FaultName } from '../../support/fault-proxy.ts';
import { issueTestSession, testSigner } from '../../support/signing.ts';
import { openWiredStore, type WiredStore } from '../../support/wired-store.ts';

let store: WiredStore;
beforeAll(async () => {
  store = await openWiredStore();
});
afterAll(() => store.close());
beforeEach(() => store.wire.clear());

/** A session that began a minute ago. */
async function begin(changes: object = {}) {
  const nowMs = Date.now() - 60_000;
  const session = { ...newSession({ sub: randomUUID(), ttlSeconds: 3_600 }, nowMs), ...changes };
  expect(await createSession(store.direct, session)).toBe(true);
  return session;
}

const next = () => ({ jti: randomUUID(), expires_at: Math.floor(Date.now() / 1_000) + 7_200 });
const operations = () => store.wire.requests().map(({ operation }) => operation);
const all = async (sub: string) => (await listSessions(store.direct, sub, { limit: 100 })).sessions;

test('puts a session in the place of another: new jti and life, same chain and time of log-in', async () => {
  const old = await begin({ user_agent: 'Mozilla/5.0', ip: '192.0.2.1' });
  const rotation = next();
  const session = await rotateSession(store.wired, old, rotation);
  expect(session).toEqual({ ...old, ...rotation });
  expect(await findSession(store.direct, old)).toBeNull();
  expect(await all(old.sub)).toEqual([session]);
  expect(operations()).toEqual(['BatchGetItem', 'DeleteItem', 'PutItem']);
});

test('takes another device’s description where it is given', async () => {
  const old = await begin({ user_agent: 'Mozilla/5.0', ip: '192.0.2.1' });
  const session = await rotateSession(store.wired, old, { ...next(), ip: '198.51.100.7' });
  expect(session).toMatchObject({ user_agent: 'Mozilla/5.0', ip: '198.51.100.7' });
});

test('lets nobody choose another chain, user or time of log-in', async () => {
  const old = await begin();
  const forged = { ...next(), sub: 'mallory', sid: 'other', auth_time: Date.now() + 1e9 };
  expect(await rotateSession(store.wired, old, forged)).toMatchObject({
    sub: old.sub,
    sid: old.sid,
    auth_time: old.auth_time,
  });
});

test('keeps the chain through many refreshes', async () => {
  const first = await begin();
  let last = first;
  for (let turn = 0; turn < 5; turn += 1) {
    const session = await rotateSession(store.wired, last, next());
    if (!session) throw new Error('A live session was not refreshed');
    last = session;
  }
  expect(last).toMatchObject({ sid: first.jti, auth_time: first.auth_time });
  expect(await all(first.sub)).toEqual([last]);
});

describe('refreshes nothing, and writes nothing,', () => {
  test.each([
    ['that was never there', async () => newSession({ sub: 'x', ttlSeconds: 60 }, Date.now())],
    ['whose life is over', () => begin({ expires_at: Math.floor(Date.now() / 1_000) })],
    [
      'that was refreshed already',
      async () => {
        const old = await begin();
        await rotateSession(store.direct, old, next());
        return old;
      },
    ],
    [
      'that a cutoff has ended',
      async () => {
        const old = await begin();
        await revokeMany(store.direct, { session: old, cutoff: undefined }, 'everywhere');
        return old;
      },
    ],
  ])('%s', async (_, make) => {
    const old = await make();
    expect(await rotateSession(store.wired, old, next())).toBeNull();
    expect(operations()).toEqual(['BatchGetItem']);
  });

  test.each([
    ['with a jti that can be no key', { jti: '#cutoff' }],
    ['with the old jti, which would leave the old token alive', 'same'],
    ['with a life that is no whole number', { expires_at: 1.5 }],
  ])('%s: an error, and the old session goes on', async (_, change) => {
    const old = await begin();
    const rotation = { ...next(), ...(change === 'same' ? { jti: old.jti } : Object(change)) };
    await expect(rotateSession(store.wired, old, rotation)).rejects.toThrow(TypeError);
    expect(operations()).toEqual(['BatchGetItem']);
    expect(await findSession(store.direct, old)).toEqual(old);
  });
});

test('of many real refreshes at once exactly one wins', async () => {
  const old = await begin();
  const racing = await Promise.all(
    Array.from({ length: 20 }, () => rotateSession(store.wired, old, next())),
  );
  const winners = racing.filter((session) => session !== null);
  expect(winners).toHaveLength(1);
  expect(await all(old.sub)).toEqual(winners);
});

test('a jti that is taken is an error, and neither session is the other’s', async () => {
  const [old, taken] = [await begin(), await begin()];
  const other = { ...taken, sub: old.sub };
  await createSession(store.direct, other);
  const rotation = { ...next(), jti: taken.jti };
  await expect(rotateSession(store.wired, old, rotation)).rejects.toThrow('exists already');
  expect(await all(old.sub)).toEqual([other]);
});

describe('faults', () => {
  test.each<[FaultName, string]>([
    ['access-denied', 'BatchGetItem'],
    ['empty-answer', 'BatchGetItem'],
    ['access-denied', 'DeleteItem'],
    ['empty-answer', 'DeleteItem'],
  ])('%s to %s: an error, and the old session goes on', async (fault, operation) => {
    const old = await begin();
    await store.wire.fault(fault, { operation });
    await expect(rotateSession(store.wired, old, next())).rejects.toThrow();
    expect(await all(old.sub)).toEqual([old]);
  });

  test('a delete whose answer was lost: log in again, as nobody can know who deleted it', async () => {
    const old = await begin();
    await store.wire.fault('reset-after-effect', { times: 1, operation: 'DeleteItem' });
    expect(await rotateSession(store.wired, old, next())).toBeNull();
    expect(await all(old.sub)).toEqual([]);
  });

  test('a put whose answer was lost: the session is there', async () => {
    const old = await begin();
    await store.wire.fault('reset-after-effect', { times: 1, operation: 'PutItem' });
    const session = await rotateSession(store.wired, old, next());
    expect(await all(old.sub)).toEqual([session]);
  });

  test('a put that fails: an error, and both sessions are gone', async () => {
    const old = await begin();
    await store.wire.fault('access-denied', { operation: 'PutItem' });
    await expect(rotateSession(store.wired, old, next())).rejects.toMatchObject({
      name: 'AccessDeniedException',
    });
    expect(await all(old.sub)).toEqual([]);
  });
});

describe('refreshing a token', () => {
  const payload = (token: string) =>
    JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());

  test('signs the new session’s token, and only if there is one', async () => {
    const { session: old } = await issueTestSession(store.direct, { sub: randomUUID() });
    const nowMs = Date.now();
    const request = { ttlSeconds: 60, claims: { name: 'Alice' }, userAgent: 'Mozilla/5.0' };
    const refreshed = await refreshSession(store.wired, testSigner, old, request, nowMs);
    if (!refreshed) throw new Error('A live session was not refreshed');
    expect(refreshed.session).toMatchObject({
      sid: old.sid,
      auth_time: old.auth_time,
      expires_at: Math.floor(nowMs / 1_000) + 60,
      user_agent: 'Mozilla/5.0',
    });
    expect(refreshed.session.jti).not.toBe(old.jti);
    expect(payload(refreshed.token)).toEqual({
      name: 'Alice',
      sub: old.sub,
      jti: refreshed.session.jti,
      iat: Math.floor(nowMs / 1_000),
      exp: refreshed.session.expires_at,
    });
    expect(await refreshSession(store.wired, testSigner, old, request)).toBeNull();
  });

  test('goes on with the device that the session was begun on', async () => {
    const request = { sub: randomUUID(), userAgent: 'Mozilla/5.0', ip: '192.0.2.1' };
    const { session: old } = await issueTestSession(store.direct, request);
    const refreshed = await refreshSession(store.wired, testSigner, old, { ttlSeconds: 60 });
    expect(refreshed?.session).toMatchObject({ user_agent: 'Mozilla/5.0', ip: '192.0.2.1' });
  });
});
