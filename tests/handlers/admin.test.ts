/** The function that administrators invoke through Lambda's own API. */
import { randomUUID } from 'node:crypto';
import { beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { issueSession } from '../../lib/login/issue.ts';
import { sessionId } from '../../lib/sessions/key.ts';
import { expectAuthorizerFailure } from '../support/error-payload.ts';
import { type FreshFunctions, useFunctions } from '../support/fault-matrix/process.ts';
import { makeKeyPair, signWith } from '../support/key-pairs.ts';
import { invoke, statusOfMe } from '../support/lambda.ts';
import { useLog } from '../support/log.ts';
import { useProxiedStore } from '../support/proxied-store.ts';
import { writeRow } from '../support/session-rows.ts';
import { issueTestSession, signRaw, TEST_SECRET, testSigner } from '../support/signing.ts';

const store = useProxiedStore();
const log = useLog();
const { functions, start } = useFunctions(store);

let user: string;
beforeEach(() => {
  user = randomUUID();
});

const IP = '192.0.2.1';
const BY = { actor: 'bob', reason: 'left the company' };

type Answer = Readonly<Record<string, unknown>> & {
  readonly sessions: readonly Readonly<Record<string, unknown>>[];
};
const ask = async (payload: unknown, by: FreshFunctions = functions) =>
  (await invoke(by.admin, payload)) as Answer;

/** Requires an error that names what is wrong, and ends nothing. */
async function expectBadInput(payload: unknown, message: RegExp, by: FreshFunctions = functions) {
  await store.proxy.clear();
  await expect(ask(payload, by)).rejects.toMatchObject({
    name: 'AdminRequestError',
    message: expect.stringMatching(message),
  });
  for (const name of store.operations()) expect(['BatchGetItem', 'Query']).toContain(name);
  const error = expect.stringMatching(message);
  expect(log.outcomes()).toMatchObject([
    { message: 'admin.refused', reason: 'AdminRequestError', error },
  ]);
  log.clear();
}

const me = (token: string, { me } = functions) => statusOfMe(me, token);
const begin = (more: object = {}) => issueTestSession(store.direct, { sub: user, ...more });

describe('list', () => {
  test('has the active sessions in pages, newest first', async () => {
    const now = Date.now();
    for (const index of [1, 2, 3])
      await issueSession(
        store.direct,
        testSigner,
        { sub: user, ttlSeconds: 60, jti: `s${index}`, userAgent: `Browser ${index}`, ip: IP },
        now + index,
      );
    const first = await ask({ operation: 'list', user, limit: 2 });
    expect(first).toEqual({
      sessions: [3, 2].map((index) => ({
        ...{ id: sessionId({ sub: user, jti: `s${index}` }), user_agent: `Browser ${index}` },
        ...{ ip: IP, auth_time: new Date(now + index).toISOString() },
        expires_at: expect.any(String),
      })),
      next: expect.any(String),
      unreadable: 0,
    });
    const { next } = first;
    expect(await ask({ operation: 'list', user, limit: 2, next })).toMatchObject({
      sessions: [{ user_agent: 'Browser 1' }],
      next: null,
    });
    expect(await ask({ operation: 'list', user })).toMatchObject({
      sessions: [{}, {}, {}],
      next: null,
    });
  });

  test('says how many rows it cannot read, and has last_seen where that is kept', async () => {
    await begin({ jti: 'a' });
    const { session } = await begin({ jti: 'b' });
    await writeRow(store.direct, { ...session, auth_time: 'yesterday' });
    const idle = start({ JWT_SECRET: TEST_SECRET, IDLE_TIMEOUT: '900' });
    const { sessions, unreadable } = await ask({ operation: 'list', user }, idle);
    expect(sessions).toEqual([expect.objectContaining({ last_seen: null })]);
    expect(unreadable).toBe(1);
  });

  test('is empty for a user without sessions', async () => {
    const nobody = { sessions: [], next: null, unreadable: 0 };
    expect(await ask({ operation: 'list', user })).toEqual(nobody);
  });
});

describe('end', () => {
  test('ends the session of an id, and no other', async () => {
    const [one, other] = [await begin(), await begin()];
    const session = sessionId(one.session);
    expect(await ask({ operation: 'end', user, session, ...BY })).toEqual({ ended: 'one' });
    expect([await me(one.token), await me(other.token)]).toEqual([401, 200]);
    log.clear();
    await expectBadInput(
      { operation: 'end', user, session, ...BY },
      /no active session of this id/,
    );
  });

  const IDS = ['nobody', '#cutoff'].map((jti) => sessionId({ sub: '', jti }));
  test.each(['x', '', ...IDS])('refuses the id %j', async (session) => {
    await expectBadInput({ operation: 'end', user, session, ...BY }, /session/);
  });

  test('refuses the id of another user’s session', async () => {
    const { token, session } = await issueTestSession(store.direct, { sub: `${user}-eve` });
    const payload = { operation: 'end', user, session: sessionId(session), ...BY };
    await expectBadInput(payload, /no active session/);
    expect(await me(token)).toBe(200);
  });

  test('says that it has ended a session whose delete had to be sent twice', async () => {
    const { token, session } = await begin();
    await store.proxy.fault('reset-after-effect', { operation: 'DeleteItem', times: 1 });
    const payload = { operation: 'end', user, session: sessionId(session), ...BY };
    expect(await ask(payload)).toEqual({ ended: 'one' });
    expect(log.outcomes()).toMatchObject([{ message: 'logout.ended', by: 'admin' }]);
    expect(await me(token)).toBe(401);
  });
});

describe('end-all', () => {
  test('ends every session of the user, and of no other, and lets the next log-in live', async () => {
    const sessions = [await begin(), await begin()];
    const bob = await issueTestSession(store.direct, { sub: `${user}-bob` });
    const answer = await ask({ operation: 'end-all', user, ...BY });
    expect(answer).toEqual({ ended: 'all', began_before: expect.stringMatching(/^20\d\d-.*Z$/) });
    for (const { token } of sessions) expect(await me(token)).toBe(401);
    expect([await me(bob.token), await me((await begin()).token)]).toEqual([200, 200]);
  });

  test('does what it says although rows cannot be deleted', async () => {
    const { token } = await begin();
    await store.proxy.fault('access-denied', { operation: 'BatchWriteItem' });
    expect(await ask({ operation: 'end-all', user, ...BY })).toMatchObject({ ended: 'all' });
    expect(log.outcomes()).toMatchObject([
      { message: 'logout.ended', scope: 'everywhere' },
      { message: 'logout.sweep_failed' },
    ]);
    expect(await me(token)).toBe(401);
  });
});

describe('adopted sessions', () => {
  let adopted: FreshFunctions;
  beforeAll(() => {
    adopted = start({ JWT_SECRET: TEST_SECRET, SESSIONS: 'adopted', JWT_SESSION_CLAIM: 'sid' });
  });
  const access = (sid: string) => {
    const auth_time = Math.floor(Date.now() / 1_000) - 60;
    return signRaw({ alg: 'HS256' }, { sub: user, sid, auth_time, exp: auth_time + 600 });
  };

  test('are listed once seen, and ended by their id, or all at once, seen or not', async () => {
    expect(await me(access('a'), adopted)).toBe(200);
    expect(await me(access('b'), adopted)).toBe(200);
    const { sessions } = await ask({ operation: 'list', user }, adopted);
    expect(sessions).toHaveLength(2);
    const session = sessionId({ sub: user, jti: 'a' });
    expect(await ask({ operation: 'end', user, session, ...BY }, adopted)).toEqual({
      ended: 'one',
    });
    expect([await me(access('a'), adopted), await me(access('b'), adopted)]).toEqual([401, 200]);
    await ask({ operation: 'end-all', user, ...BY }, adopted);
    expect([await me(access('b'), adopted), await me(access('c'), adopted)]).toEqual([401, 401]);
  });
});

describe('several issuers', () => {
  test('the payload has to name one of them', async () => {
    const [ONE, TWO] = ['https://one.example', 'https://two.example'] as const;
    const keys = { [ONE]: await makeKeyPair('EdDSA'), [TWO]: await makeKeyPair('ES256') };
    const entries = Object.entries(keys).map(([issuer, { pem: publicKey }]) => ({
      ...{ issuer, publicKey, sessions: 'adopted', sessionClaim: 'sid' },
    }));
    const both = start({ JWT_ISSUERS: JSON.stringify(entries) });
    const exp = Math.floor(Date.now() / 1_000) + 600;
    const access = (iss: keyof typeof keys) =>
      signWith(keys[iss], { iss, sub: user, sid: 's', exp });
    const [one, two] = [await access(ONE), await access(TWO)];
    for (const token of [one, two]) expect(await me(token, both)).toBe(200);
    const payload = { operation: 'end-all', user, ...BY };
    await expectBadInput(payload, /issuer is missing: the deployment has several/, both);
    await expectBadInput({ ...payload, issuer: 'https://three.example' }, /issuer is none/, both);
    await ask({ ...payload, issuer: TWO }, both);
    expect([await me(one, both), await me(two, both)]).toEqual([200, 401]);
    const { sessions } = await ask({ operation: 'list', user, issuer: ONE }, both);
    expect(sessions).toHaveLength(1);
  });

  test('a single issuer may be named, if it is that', async () => {
    const issuer = 'https://login.example';
    const named = start({ JWT_SECRET: TEST_SECRET, JWT_ISSUER: issuer });
    expect(await ask({ operation: 'list', user, issuer }, named)).toMatchObject({
      sessions: [],
    });
    await expectBadInput(
      { operation: 'list', user, issuer: `${issuer}/` },
      /issuer is none/,
      named,
    );
    await expectBadInput({ operation: 'list', user, issuer }, /issuer is none/);
  });
});

describe('bad input ends nothing', () => {
  const END = { operation: 'end', session: 'x', ...BY };
  const ALL = { operation: 'end-all', ...BY };
  const LIST = { operation: 'list' };

  test.each([
    ...[undefined, null, 'list', [LIST], {}],
    ...[{ operation: 'constructor' }, { operation: ['end-all'] }],
  ])('no operation is named by %j', async (payload) => {
    await expectBadInput(payload, /^operation must be one of list, end, end-all$/);
  });

  test.each([undefined, '', 7, '#jti:x', 'x'.repeat(2_049), '\ud800'])(
    'no user is %.20j',
    async (wrong) => {
      for (const operation of [END, ALL, LIST])
        await expectBadInput({ ...operation, user: wrong }, /^user /);
    },
  );

  const LONG = 'x'.repeat(201);
  test.each<[string, object, RegExp]>([
    ['no actor', { ...ALL, actor: undefined }, /^actor must be a text/],
    ['an empty actor', { ...ALL, actor: ' ' }, /^actor must be a text/],
    ['a number for an actor', { ...END, actor: 7 }, /^actor must be a text/],
    ['an actor of 201 characters', { ...ALL, actor: LONG }, /^actor must have at most 200/],
    ['no reason', { ...END, reason: undefined }, /^reason must be a text/],
    ['a reason of 201 characters', { ...END, reason: LONG }, /^reason must have at most 200/],
    ['no session', { ...END, session: undefined }, /^session must be a text/],
    ['null for an issuer', { ...ALL, issuer: null }, /^issuer must be a text/],
    ['a misspelt member', { ...END, sesion: 'x' }, /^end has 1 unknown members; known are op/],
    ['a session for end-all', { ...ALL, session: 'x' }, /^end-all has 1 unknown/],
    ['an actor for list', { ...LIST, actor: 'bob' }, /^list has 1 unknown/],
    ['a limit of 0', { ...LIST, limit: 0 }, /^limit must be a whole number from 1 to 100/],
    ['a limit of 101', { ...LIST, limit: 101 }, /^limit must/],
    ['a limit of 1.5', { ...LIST, limit: 1.5 }, /^limit must/],
    ['a limit in words', { ...LIST, limit: '5' }, /^limit must/],
    ['a next of nobody', { ...LIST, next: 'x' }, /^next must be the value that a page before gave/],
    ['an empty next', { ...LIST, next: '' }, /^next must/],
  ])('%s', async (_, payload, message) => {
    const { token } = await begin();
    await expectBadInput({ user, ...payload }, message);
    expect(await me(token)).toBe(200);
  });

  test('texts of 200 characters, and users of 2,048 bytes, are taken', async () => {
    const long = { actor: 'a'.repeat(200), reason: 'r'.repeat(200), user: 'x'.repeat(2_048) };
    expect(await ask({ operation: 'end-all', ...long })).toMatchObject({ ended: 'all' });
  });
});

// tests/handlers/fault-matrix.test.ts has every fault.
test('a fault throws an error id and nothing else', async () => {
  await store.proxy.fault('access-denied');
  const line = await expectAuthorizerFailure(ask({ operation: 'list', user }), log, [user]);
  expect(line).toMatchObject({ route: 'admin' });
});

test('the line says who and why, and holds no token, secret, name or session', async () => {
  const { token, session } = await begin();
  const reason = `stolen: Bearer ${token} and ${TEST_SECRET}`.slice(0, 200);
  for (const by of [
    { actor: `bob ${token.slice(0, 150)}`, reason: 'stolen laptop' },
    { actor: 'bob', reason },
    { actor: 'bob', reason: `key ${TEST_SECRET}` },
  ])
    await ask({ operation: 'end-all', user, ...by });
  const lines = log.outcomes().filter(({ message }) => message === 'logout.ended');
  expect(lines).toMatchObject([
    { by: 'admin', actor: 'bob ***', reason: 'stolen laptop', scope: 'everywhere', route: 'admin' },
    { by: 'admin', actor: 'bob', reason: 'stolen: Bearer ***' },
    { by: 'admin', reason: 'key ***', sub_hash: expect.stringMatching(/^[0-9a-f]{16}$/) },
  ]);
  const text = log.lines().join('\n');
  for (const secret of [...token.split('.'), TEST_SECRET, user, session.jti])
    expect(text).not.toContain(secret);
  expect(text).toContain('ended.admin');
});
