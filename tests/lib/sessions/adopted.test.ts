import { randomUUID } from 'node:crypto';
import { DeleteCommand } from '@aws-sdk/lib-dynamodb';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { createSession, rotateSession } from '../../../lib/login/create-session.ts';
import { type Adoption, adoptedSessions } from '../../../lib/sessions/adopted.ts';
import { revokeAll, revokeMany } from '../../../lib/sessions/revoke-many.ts';
import { queryRows, type Row } from '../../../lib/sessions/rows.ts';
import { LAST_EXPIRES_AT, type Session } from '../../../lib/sessions/session.ts';
import type { FoundSession, SessionToken } from '../../../lib/sessions/session-mode.ts';
import { freezeDate, FAR_NOW_MS as NOW_MS } from '../../support/clock.ts';
import { openInterleavedStore } from '../../support/interleaving.ts';
import { useProxiedStore } from '../../support/proxied-store.ts';

const NOW = NOW_MS / 1_000;
const MAX_AGE = 3_600;
/** How far clocks may differ, in seconds. */
const AHEAD = 300;
const CLIENT = { user_agent: 'Firefox', ip: '192.0.2.1' };

const store = useProxiedStore();
let sub: string;
beforeEach(() => {
  sub = randomUUID();
  freezeDate(NOW_MS);
});
afterEach(() => {
  jest.useRealTimers();
  // An ended session whose row is deleted would be adopted again.
  expect(store.operations()).not.toContain('DeleteItem');
  expect(store.operations()).not.toContain('BatchWriteItem');
});

const mode = (changes: Partial<Adoption> = {}, by = store.proxied) =>
  adoptedSessions(by, { maxAgeMs: MAX_AGE * 1_000, tokenIsSession: false, ...changes });
/** A token of a session that began a minute ago, for a minute and the clock tolerance more. */
const token = (claims: SessionToken['claims'] = {}, jti = 's', expires_at = NOW + 65) => ({
  session: { sub, jti, expires_at },
  claims: { auth_time: NOW - 60, iat: NOW - 30, ...claims },
});
const find = (one = token(), changes: Partial<Adoption> = {}) =>
  mode(changes).find(one, () => CLIENT);
const end = (one = token(), changes: Partial<Adoption> = {}) => mode(changes).end(one.session);
const rows = () => queryRows(store.direct, sub);
const onlyRow = async (): Promise<Row> => {
  const [row, ...others] = await rows();
  if (!row || others.length > 0) throw new Error('There is not one row');
  return row;
};
const deleteAsTtl = (jti = 's') =>
  store.direct.client.send(new DeleteCommand({ TableName: store.direct.table, Key: { sub, jti } }));
const outcome = ({ session, denial }: FoundSession) => denial ?? session.jti;
/** Operations since the last call. */
async function operations(): Promise<string[]> {
  const seen = store.operations();
  await store.proxy.clear();
  return seen;
}

describe('a check', () => {
  test('adopts a session that it has not seen, by one conditional write, and reads it later', async () => {
    const session = {
      ...{ sub, jti: 's', sid: 's', auth_time: (NOW - 60) * 1_000 },
      ...{ expires_at: NOW - 60 + MAX_AGE, ...CLIENT },
    };
    expect(await find()).toEqual({ session, cutoff: undefined });
    expect(store.proxy.requests()[1]?.body).toMatchObject({
      ConditionExpression: 'attribute_not_exists(jti)',
    });
    expect(await operations()).toEqual(['BatchGetItem', 'PutItem']);
    expect(await onlyRow()).toEqual(session);
    // Also that of a refreshed token, from another client.
    const refreshed = token({ iat: NOW }, 's', NOW + 3_600);
    expect(await mode().find(refreshed, () => ({}))).toEqual({ session, cutoff: undefined });
    expect(await operations()).toEqual(['BatchGetItem']);
  });

  test.each([
    ['another check', 'PutItem', 's'],
    ['a logout', 'UpdateItem', 'session_ended'],
  ])('that loses a race to %s reads again', async (name, write, expected) => {
    const interleaved = openInterleavedStore(store.direct.table);
    const { find: check, end: logOut } = mode({}, interleaved.store);
    const first = async () => outcome(await check(token(), () => CLIENT));
    const second = name === 'a logout' ? () => logOut(token().session) : first;
    const order = [0, 1, 1];
    const choose = (options: number) => (order.shift() ?? 0) % options;
    const [result] = await interleaved.schedule<unknown>([first, second], choose);
    expect(result).toMatchObject({ status: 'answered', value: expected });
    expect(interleaved.trace.slice(-3)).toEqual([`1:${write}`, '0:PutItem', '0:BatchGetItem']);
    interleaved.store.client.destroy();
  });

  test('adopts nothing that a cutoff or SESSIONS_NOT_BEFORE covers', async () => {
    await revokeAll(store.direct, sub, NOW_MS - 30_000);
    expect(await find(token({ auth_time: NOW - 30 }))).toEqual({ denial: 'session_ended' });
    const later = { ...store.proxied, notBeforeMs: NOW_MS - 28_000 };
    const early = await mode({}, later).find(token({ auth_time: NOW - 29 }), () => CLIENT);
    expect(early).toEqual({ denial: 'session_ended' });
    expect(await operations()).toEqual(['BatchGetItem', 'BatchGetItem']);
    expect(await rows()).toHaveLength(1);
    expect(await mode({}, later).find(token({ auth_time: NOW - 28 }), () => CLIENT)).toMatchObject({
      session: { jti: 's' },
      cutoff: { revoked_before: NOW_MS - 30_000 },
    });
  });

  test.each<[string, unknown, unknown, number | string]>([
    ['of a fraction of a second', NOW - 60.75, NOW, NOW_MS - 60_750],
    ['5 minutes ahead', NOW + 300, NOW, NOW_MS + 300_000],
    ['a millisecond further ahead', NOW + 300.001, NOW, 'invalid_auth_time'],
    ['in milliseconds', NOW_MS, NOW, 'invalid_auth_time'],
    ['null', null, NOW, 'invalid_auth_time'],
    ['a string', `${NOW}`, NOW, 'invalid_auth_time'],
    ['a list', [NOW], NOW, 'invalid_auth_time'],
    ['true', true, NOW, 'invalid_auth_time'],
    ['infinite', Number.POSITIVE_INFINITY, NOW, 'invalid_auth_time'],
    ['zero', 0, NOW, 'invalid_auth_time'],
    ['negative', -NOW, NOW, 'invalid_auth_time'],
    ['a millisecond younger than SESSION_MAX_AGE', NOW - 3_599, NOW, NOW_MS - 3_599_000],
    ['as old as SESSION_MAX_AGE', NOW - 3_600, NOW, 'session_ended'],
    ['missing: iat counts', undefined, NOW - 7_200, NOW_MS - 7_200_000],
    ['missing, and iat over 5 minutes ahead', undefined, NOW + 301, 'invalid_auth_time'],
    ['missing as iat is: the present counts', undefined, undefined, NOW_MS],
  ])('of a token whose auth_time is %s', async (_, auth_time, iat, expected) => {
    const found = await find(token({ auth_time, iat }));
    expect(found.denial ?? found.session.auth_time).toBe(expected);
    if (found.denial) expect(store.operations()).toEqual([]);
  });

  test('fails where the store cannot adopt, and lets nobody in', async () => {
    await store.proxy.fault('access-denied', { operation: 'PutItem' });
    await expect(find()).rejects.toThrow('is not authorized to perform: dynamodb:PutItem');
    expect(await rows()).toEqual([]);
  });
});

describe('SESSION_MAX_AGE', () => {
  test.each([
    ['from the claim, whatever TTL has deleted', { auth_time: NOW - 60 }, NOW - 60, 0],
    ['from the adoption, without the claim', { auth_time: undefined }, NOW, 1],
  ])('holds either side %s', async (_, claims, begun, reads) => {
    await find(token(claims));
    jest.setSystemTime((begun + MAX_AGE) * 1_000 - 1);
    expect(outcome(await find(token(claims)))).toBe('s');
    jest.setSystemTime((begun + MAX_AGE) * 1_000);
    await operations();
    expect(outcome(await find(token(claims)))).toBe('session_ended');
    expect(await operations()).toEqual(Array.from({ length: reads }, () => 'BatchGetItem'));
    await deleteAsTtl();
    if (claims.auth_time) expect(outcome(await find(token(claims)))).toBe('session_ended');
  });
});

describe('a logout', () => {
  test('ends a session by one write, refreshed tokens included, once', async () => {
    await find();
    await operations();
    expect(await end()).toBe(true);
    expect(await operations()).toEqual(['UpdateItem']);
    const ended = await onlyRow();
    expect(ended).toMatchObject({ ended_at: NOW_MS, expires_at: NOW + MAX_AGE + AHEAD, ...CLIENT });
    jest.setSystemTime(NOW_MS + 1_000);
    expect(outcome(await find(token({ iat: NOW + 1, exp: NOW + 900 })))).toBe('session_ended');
    expect(await end()).toBe(false);
    expect(await operations()).toEqual(['BatchGetItem', 'UpdateItem']);
    expect(await onlyRow()).toEqual({ ...ended, expires_at: NOW + 1 + MAX_AGE + AHEAD });
  });

  test('before the first check ends the session all the same', async () => {
    expect(await end()).toBe(true);
    expect(await operations()).toEqual(['UpdateItem']);
    expect(outcome(await find())).toBe('session_ended');
    expect(await onlyRow()).toEqual({
      ...{ sub, jti: 's', sid: 's', auth_time: NOW_MS, ended_at: NOW_MS },
      expires_at: NOW + MAX_AGE + AHEAD,
    });
  });

  test.each<[string, SessionToken['claims'], boolean, number, number]>([
    ['a session of the present', { auth_time: NOW }, false, NOW + 65, AHEAD],
    ['a session ahead of the clock', { auth_time: NOW + AHEAD }, false, NOW + 65, 0],
    ['a token that outlives SESSION_MAX_AGE', { auth_time: undefined }, true, NOW + 9_999, AHEAD],
  ])('of %s outlasts what any clock adopts', async (_, claims, tokenIsSession, exp, behind) => {
    const one = token(claims, 's', exp);
    // A token that is its own session is ended by its row, as the list of sessions does.
    const found = tokenIsSession ? await find(one, { tokenIsSession }) : undefined;
    await end({ ...one, session: found?.session ?? one.session }, { tokenIsSession });
    const { expires_at } = await onlyRow();
    await deleteAsTtl();
    jest.setSystemTime((Number(expires_at) - behind) * 1_000);
    expect(outcome(await find(one, { tokenIsSession }))).toBe('session_ended');
  });

  test.each([
    ['shorter', NOW + 10, NOW + MAX_AGE + AHEAD, ['UpdateItem']],
    ['longer', NOW + 99_999, NOW + 99_999, ['UpdateItem', 'UpdateItem']],
  ])('leaves the row of a login service as long as it was, or longer: %s', async (...each) => {
    const [, expires_at, until, writes] = each;
    const row: Session = { sub, jti: 's', sid: 's', auth_time: NOW_MS - 1_000, expires_at };
    await createSession(store.direct, row);
    expect(await find()).toEqual({ session: row, cutoff: undefined });
    await operations();
    expect(await end()).toBe(true);
    expect(await operations()).toEqual(writes);
    expect(await onlyRow()).toEqual({ ...row, ended_at: NOW_MS, expires_at: until });
  });

  test('lets the row of a login service end by itself', async () => {
    const life = { auth_time: NOW_MS - 1_000, expires_at: NOW + 10 };
    await createSession(store.direct, { sub, jti: 's', sid: 's', ...life });
    jest.setSystemTime((NOW + 10) * 1_000);
    expect(outcome(await find())).toBe('session_ended');
    expect(store.operations()).toEqual(['BatchGetItem']);
  });

  test('ends the successors that a login service has given the session', async () => {
    const life = { auth_time: NOW_MS - 1_000, expires_at: NOW + 65 };
    const names = ['s', 't', 'u'];
    await createSession(store.direct, { sub, jti: 's', sid: 's', ...life });
    for (const [index, jti] of ['t', 'u'].entries()) {
      const rotation = { jti, expires_at: NOW + 65 };
      await rotateSession(store.direct, { sub, jti: names[index] ?? '' }, rotation, NOW_MS, 10_000);
    }
    expect(await end()).toBe(true);
    expect(await operations()).toEqual(['UpdateItem', 'UpdateItem', 'UpdateItem']);
    for (const jti of names) expect(outcome(await find(token({}, jti)))).toBe('session_ended');
    const next = { jti: 'v', expires_at: NOW + 65 };
    expect(await rotateSession(store.direct, { sub, jti: 'u' }, next, NOW_MS, 10_000)).toBeNull();
  });

  test.each(['access-denied', 'empty-answer'] as const)(
    'fails where the store does not prove the write: %s',
    async (fault) => {
      await store.proxy.fault(fault, { operation: 'UpdateItem' });
      await expect(end()).rejects.toThrow();
    },
  );
});

test('a logout everywhere ends what was adopted and what was not, and deletes nothing', async () => {
  const { session } = await find();
  await find(token({}, 'other'));
  if (!session) throw new Error('The session was not adopted');
  const cutoff = await revokeMany(store.proxied, { session, cutoff: undefined }, 'everywhere');
  if (!cutoff) throw new Error('There is no cutoff');
  await mode().deleteRevoked(sub, cutoff);
  for (const jti of ['s', 'other', 'unseen'])
    expect(outcome(await find(token({ iat: NOW }, jti)))).toBe('session_ended');
  expect(await rows()).toHaveLength(3);
  expect(outcome(await find(token({ auth_time: NOW + 1 }, 'new')))).toBe('new');
});

describe('a token that is its own session', () => {
  const own = { tokenIsSession: true };

  test.each<[string, SessionToken['claims'], number, number]>([
    ['the token', {}, NOW + 65, NOW + 65],
    ['the token, at a second beyond any date', {}, LAST_EXPIRES_AT, NOW - 60 + MAX_AGE],
    ['SESSION_MAX_AGE after auth_time', { auth_time: NOW - 3_590 }, NOW + 65, NOW + 10],
    ['SESSION_MAX_AGE after iat', { auth_time: undefined }, NOW + 9_999, NOW - 30 + MAX_AGE],
    [
      'the token, without any time',
      { auth_time: undefined, iat: undefined },
      NOW + 9_999,
      NOW + 9_999,
    ],
  ])('has a row that ends with %s', async (_, claims, exp, expected) => {
    expect(await find(token(claims, 's', exp), own)).toMatchObject({
      session: { expires_at: expected },
    });
  });

  test.each([
    ['after the token', NOW + 65, NOW + 65 + AHEAD],
    ['after now, of an expired token', -1e300, NOW + AHEAD],
    ['with the last date', LAST_EXPIRES_AT, LAST_EXPIRES_AT],
  ])('is ended alone, by a row that ends %s', async (_, exp, expected) => {
    expect(await end(token({}, 's', exp), own)).toBe(true);
    expect(await onlyRow()).toMatchObject({ ended_at: NOW_MS, expires_at: expected });
    expect(outcome(await find(token(), own))).toBe('session_ended');
    expect(outcome(await find(token({}, 'refreshed'), own))).toBe('refreshed');
  });
});
