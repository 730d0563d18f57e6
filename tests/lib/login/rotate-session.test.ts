import { randomUUID } from 'node:crypto';
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { describe, expect, test } from '@jest/globals';
import { createSession, rotateSession } from '../../../lib/login/create-session.ts';
import { newSession, refreshSession } from '../../../lib/login/issue.ts';
import { listSessions } from '../../../lib/sessions/list.ts';
import { revokeMany } from '../../../lib/sessions/revoke-many.ts';
import { queryRows } from '../../../lib/sessions/rows.ts';
import type { Session } from '../../../lib/sessions/session.ts';
import { endSession, findCurrent, findSession } from '../../../lib/sessions/sessions.ts';
import type { FaultName } from '../../../support/fault-proxy.ts';
import { useProxiedStore } from '../../support/proxied-store.ts';
import { issueTestSession, testSigner } from '../../support/signing.ts';

const store = useProxiedStore();

/** A session that began a minute ago. */
async function begin(changes: object = {}) {
  const nowMs = Date.now() - 60_000;
  const session = { ...newSession({ sub: randomUUID(), ttlSeconds: 3_600 }, nowMs), ...changes };
  expect(await createSession(store.direct, session)).toBe(true);
  return session;
}

const next = () => ({ jti: randomUUID(), expires_at: Math.floor(Date.now() / 1_000) + 7_200 });
const rowsOf = (sub: string) => queryRows(store.direct, sub);
const rowOf = async ({ sub, jti }: Session) => (await rowsOf(sub)).find((row) => row.jti === jti);
const all = async (sub: string) => (await listSessions(store.direct, sub, { limit: 100 })).sessions;

test('puts a successor, then marks the old row: new jti and life, same token family and time of log-in', async () => {
  const old = await begin({ user_agent: 'Mozilla/5.0', ip: '192.0.2.1', idp_sid: 'idp' });
  const rotation = next();
  const session = await rotateSession(store.proxied, old, rotation);
  expect(session).toEqual({ ...old, ...rotation });
  expect(await findSession(store.direct, old)).toBeNull();
  expect(await all(old.sub)).toEqual([session]);
  expect(store.operations()).toEqual(['BatchGetItem', 'PutItem', 'UpdateItem']);
  expect(await rowOf(old)).toEqual({
    ...old,
    rotated_to: rotation.jti,
    reusable_until: expect.any(Number),
    expires_at: rotation.expires_at,
  });
});

test('keeps a mark at least as long as the old row, which SESSIONS=adopted would adopt again', async () => {
  const old = await begin();
  const shorter = { ...next(), expires_at: Math.floor(Date.now() / 1_000) + 60 };
  await rotateSession(store.proxied, old, shorter);
  expect(await rowOf(old)).toMatchObject({
    rotated_to: shorter.jti,
    expires_at: old.expires_at,
  });
});

test('lets nobody choose another token family, user or time of log-in', async () => {
  const old = await begin();
  const forged = { ...next(), sub: 'mallory', sid: 'other', auth_time: Date.now() + 1e9 };
  expect(await rotateSession(store.proxied, old, forged)).toMatchObject({
    sub: old.sub,
    sid: old.sid,
    auth_time: old.auth_time,
  });
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
    expect(await rotateSession(store.proxied, old, next())).toBeNull();
    expect(store.operations()).toEqual(['BatchGetItem']);
  });

  test.each([
    ['with a jti that can be no key', { jti: '#cutoff' }],
    ['with the old jti, which would leave the old token alive', 'same'],
    ['with a life that is no whole number', { expires_at: 1.5 }],
  ])('%s: an error, and the old session goes on', async (_, change) => {
    const old = await begin();
    const rotation = { ...next(), ...(change === 'same' ? { jti: old.jti } : Object(change)) };
    await expect(rotateSession(store.proxied, old, rotation)).rejects.toThrow(TypeError);
    expect(store.operations()).toEqual(['BatchGetItem']);
    expect(await findSession(store.direct, old)).toEqual(old);
  });
});

describe('a second refresh of a token', () => {
  const at = Date.now();
  const reuse = (old: Session, nowMs: number) =>
    rotateSession(store.direct, old, next(), nowMs, 10_000);

  test.each([
    ['in the same millisecond', 0, true],
    ['in the last millisecond of the reuse interval', 9_999, true],
    ['at the end of the reuse interval', 10_000, false],
  ])('%s gets the same successor: %#', async (_, laterMs, same) => {
    const old = await begin();
    const first = await reuse(old, at);
    expect(await reuse(old, at + laterMs)).toEqual(same ? first : null);
    expect(await all(old.sub)).toEqual([first]);
  });
});

describe('a logout along many refreshes', () => {
  async function familyOf(marks: number) {
    const family: Session[] = [await begin()];
    for (let turn = 0; turn < marks; turn += 1) {
      const last = family.at(-1);
      const successor = last && (await rotateSession(store.direct, last, next()));
      if (!successor) throw new Error('An active session was not refreshed');
      family.push(successor);
    }
    return family;
  }

  test('ends the last session under the first token, 20 marks away, and deletes the marks', async () => {
    const family = await familyOf(20);
    const [first] = family;
    if (!first) throw new Error('No session');
    expect(await findCurrent(store.direct, first)).toEqual(family.at(-1));
    expect(await endSession(store.proxied, first)).toBe(true);
    expect(await rowsOf(first.sub)).toEqual([]);
    expect(store.operations()).toHaveLength(1 + 20 * 3);
  });

  test('is an error past its deadline: marks in a circle', async () => {
    const [one, other] = [await begin(), await begin()];
    const circle = [
      { ...one, rotated_to: other.jti },
      { ...one, jti: other.jti, rotated_to: one.jti },
    ];
    for (const Item of circle)
      await store.direct.client.send(new PutCommand({ TableName: store.direct.table, Item }));
    await expect(endSession(store.direct, one)).rejects.toThrow();
    await expect(findCurrent(store.direct, one)).rejects.toThrow();
  });

  test('is an error at a mark that names no session', async () => {
    const old = await begin();
    const Item = { ...old, rotated_to: '#cutoff' };
    await store.direct.client.send(new PutCommand({ TableName: store.direct.table, Item }));
    await expect(endSession(store.direct, old)).rejects.toThrow('rotated_to');
    await expect(findSession(store.direct, old)).rejects.toThrow('rotated_to');
  });
});

test('a jti that is taken is an error, and neither session is the other’s', async () => {
  const [old, taken] = [await begin(), await begin()];
  const other = { ...taken, sub: old.sub };
  await createSession(store.direct, other);
  const rotation = { ...next(), jti: taken.jti };
  await expect(rotateSession(store.proxied, old, rotation)).rejects.toThrow('exists already');
  expect(await rowsOf(old.sub)).toEqual(expect.arrayContaining([old, other]));
});

describe('faults', () => {
  test.each<[FaultName, string]>([
    ['access-denied', 'BatchGetItem'],
    ['empty-answer', 'BatchGetItem'],
    ['access-denied', 'PutItem'],
  ])('%s to %s: an error, and the old session goes on', async (fault, operation) => {
    const old = await begin();
    await store.proxy.fault(fault, { operation });
    await expect(rotateSession(store.proxied, old, next())).rejects.toThrow();
    expect(await all(old.sub)).toEqual([old]);
  });

  test.each<FaultName>(['access-denied', 'empty-answer'])(
    '%s to the mark: an error, the old session goes on, and no token names the successor',
    async (fault) => {
      const old = await begin();
      await store.proxy.fault(fault, { operation: 'UpdateItem' });
      await expect(rotateSession(store.proxied, old, next())).rejects.toThrow();
      expect(await findSession(store.direct, old)).toEqual(old);
      await store.proxy.clear();
      expect(await rotateSession(store.proxied, old, next())).not.toBeNull();
    },
  );

  test('a mark whose answer was lost: the refresh has worked', async () => {
    const old = await begin();
    await store.proxy.fault('reset-after-effect', { times: 1, operation: 'UpdateItem' });
    const session = await rotateSession(store.proxied, old, next());
    expect(await all(old.sub)).toEqual([session]);
  });
});

describe('refreshing a token', () => {
  const payload = (token: string) =>
    JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());

  test('signs the new session’s token, and only if there is one', async () => {
    const { session: old } = await issueTestSession(store.direct, { sub: randomUUID() });
    const nowMs = Date.now();
    const request = { ttlSeconds: 60, claims: { name: 'Alice' }, userAgent: 'Mozilla/5.0' };
    const refreshed = await refreshSession(store.proxied, testSigner, old, request, nowMs);
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
    const again = await refreshSession(store.proxied, testSigner, old, request);
    expect(again?.session).toEqual(refreshed.session);
    const strict = { ...request, reuseIntervalSeconds: 0 };
    const next = await refreshSession(store.proxied, testSigner, refreshed.session, strict);
    expect(next).not.toBeNull();
    expect(await refreshSession(store.proxied, testSigner, refreshed.session, strict)).toBeNull();
  });

  test('refuses the session of a token without a sub by name, and writes nothing', async () => {
    const guest = { sub: '#jti:guest', jti: 'guest' };
    await expect(
      refreshSession(store.proxied, testSigner, guest, { ttlSeconds: 60 }),
    ).rejects.toMatchObject({ name: 'InvalidSessionError', attribute: 'key' });
    expect(store.operations()).toEqual([]);
  });

  test('goes on with the device that the session was begun on, but for what is given', async () => {
    const request = { sub: randomUUID(), userAgent: 'Mozilla/5.0', ip: '192.0.2.1' };
    const { session: old } = await issueTestSession(store.direct, request);
    const change = { ttlSeconds: 60, ip: '198.51.100.7' };
    const refreshed = await refreshSession(store.proxied, testSigner, old, change);
    expect(refreshed?.session).toMatchObject({ user_agent: 'Mozilla/5.0', ip: '198.51.100.7' });
  });
});
