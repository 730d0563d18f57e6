import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { sessionId } from '../../lib/sessions/key.ts';
import { queryRows } from '../../lib/sessions/rows.ts';
import { authorizerForms } from '../support/authorizer-events.ts';
import { eventV2, type TestRequest } from '../support/events.ts';
import { type FreshFunctions, useFunctions } from '../support/fault-matrix/process.ts';
import { makeKeyPair, signWith } from '../support/key-pairs.ts';
import { lambdaContext } from '../support/lambda.ts';
import { useLog } from '../support/log.ts';
import { useProxiedStore } from '../support/proxied-store.ts';
import { encode, signRaw } from '../support/signing.ts';

const ONE = 'https://one.example/';
const TWO = 'https://two.example/';

const store = useProxiedStore();
useLog();
/** A deployment for one issuer. */
const { functions, start } = useFunctions(
  store,
  {},
  { SESSIONS: 'adopted', JWT_SESSION_CLAIM: 'sid' },
);

let sub: string;
beforeEach(() => {
  sub = randomUUID();
});
const nowSeconds = () => Math.floor(Date.now() / 1_000);
/** Claims of a token of an identity provider, of a session that began a minute ago. */
const claims = (sid: string, changes: object = {}) => ({
  ...{ sub, sid, jti: randomUUID(), auth_time: nowSeconds() - 60, exp: nowSeconds() + 600 },
  ...changes,
});
const tokenOf = (sid: string, changes: object = {}) =>
  signRaw({ alg: 'HS256' }, claims(sid, changes));

/** Calls a function. @returns the status, and the body where there is one */
async function ask(
  name: keyof FreshFunctions,
  token: string,
  request: TestRequest = {},
  by = functions,
) {
  const event =
    name === 'authorizer'
      ? authorizerForms[0]?.event(`Bearer ${token}`)
      : eventV2({ method: 'GET', path: `/${name}`, token, ...request });
  const answer = await by[name](event, lambdaContext()).catch((error: Error) => {
    if (error.message !== 'Unauthorized') throw error; // how an authorizer says no
    return { statusCode: 401 };
  });
  const { statusCode = 200, body = '' } = answer as { statusCode?: number; body?: string };
  return { status: statusCode, body: body === '' ? undefined : JSON.parse(body) };
}
const statusOf = async (...asked: Parameters<typeof ask>) => (await ask(...asked)).status;
/** What me, the list and the authorizer answer. */
const checks = async (token: string, by = functions) =>
  Promise.all(
    (['me', 'listSessions', 'authorizer'] as const).map((name) => statusOf(name, token, {}, by)),
  );
const IN = [200, 200, 200];
const OUT = [401, 401, 401];

/** What each request asks of the store, of a session that is known unless told otherwise. */
test.each<[string, keyof FreshFunctions, TestRequest, string[]]>([
  ['me', 'me', {}, ['BatchGetItem']],
  ['the list', 'listSessions', {}, ['BatchGetItem', 'Query']],
  ['the authorizer', 'authorizer', {}, ['BatchGetItem']],
  ['logout', 'logout', {}, ['UpdateItem']],
  ['logout of others', 'logout', { query: { scope: 'others' } }, ['BatchGetItem', 'UpdateItem']],
  [
    'logout everywhere',
    'logout',
    { query: { scope: 'everywhere' } },
    ['BatchGetItem', 'UpdateItem'],
  ],
  [
    'the end of a listed session',
    'deleteSession',
    { id: sessionId({ sub: '', jti: 'a' }) },
    ['BatchGetItem', 'BatchGetItem', 'UpdateItem'],
  ],
])('%s', async (_, name, request, expected) => {
  await ask('me', tokenOf('a'));
  expect(store.operations()).toEqual(['BatchGetItem', 'PutItem']);
  await store.proxy.clear();
  const forged = tokenOf('a').replace(/[^.]+$/, encode('x'.repeat(32)));
  expect(await statusOf(name, forged, request)).toBe(
    name === 'logout' && !request.query ? 200 : 401,
  );
  expect(store.operations()).toEqual([]);
  expect([200, 204]).toContain(await statusOf(name, tokenOf('a'), request));
  expect(store.operations()).toEqual(expected);
});

describe('a user with a phone and a laptop', () => {
  const phone = (changes?: object) => tokenOf('phone', changes);
  const laptop = (changes?: object) => tokenOf('laptop', changes);
  beforeEach(async () => {
    for (const token of [phone(), laptop()]) expect(await checks(token)).toEqual(IN);
  });

  test('sees both, and ends either by its id', async () => {
    const { body } = await ask('listSessions', laptop());
    expect(body.sessions).toEqual([
      expect.objectContaining({ current: true, ip: '192.0.2.1' }),
      expect.objectContaining({ current: false, id: sessionId({ sub, jti: 'phone' }) }),
    ]);
    const id = sessionId({ sub, jti: 'phone' });
    expect(await statusOf('deleteSession', laptop(), { id })).toBe(204);
    expect(await statusOf('deleteSession', laptop(), { id })).toBe(404);
    expect(await checks(phone())).toEqual(OUT);
    expect(await checks(laptop())).toEqual(IN);
  });

  test.each<[string, object, number[]]>([
    ['this', {}, IN],
    ['everywhere', { scope: 'everywhere' }, OUT],
  ])('is out after a logout of %s, by refreshed and unseen tokens too', async (_, query, other) => {
    expect(await statusOf('logout', phone(), { query: { ...query } })).toBe(200);
    expect(await checks(phone({ iat: nowSeconds() + 1 }))).toEqual(OUT);
    expect(await checks(laptop())).toEqual(other);
    expect(await checks(tokenOf('unseen'))).toEqual(other);
    expect(await checks(tokenOf('new', { auth_time: nowSeconds() + 1 }))).toEqual(IN);
  });

  test('keeps the one that logs out the others', async () => {
    expect(await statusOf('logout', phone(), { query: { scope: 'others' } })).toBe(200);
    expect(await checks(phone())).toEqual(IN);
    expect(await checks(laptop())).toEqual(OUT);
  });

  test('shares no session with another user of the same session claim', async () => {
    const eve = (sid = 'phone') => tokenOf(sid, { sub: `${sub}-eve` });
    expect(await checks(eve())).toEqual(IN);
    expect((await ask('listSessions', eve())).body.sessions).toHaveLength(1);
    const id = sessionId({ sub, jti: 'laptop' });
    expect(await statusOf('deleteSession', eve(), { id })).toBe(404);
    await ask('logout', eve(), { query: { scope: 'everywhere' } });
    expect(await checks(eve())).toEqual(OUT);
    expect([await checks(phone()), await checks(laptop())]).toEqual([IN, IN]);
  });

  test.each([
    ['bound to a key of its holder', { cnf: { jkt: 'x' } }],
    ['expired', { exp: 1 }],
    ['expired and bound', { exp: 1, cnf: {} }],
    ['not yet valid', { nbf: 4_000_000_000 }],
  ])('is let in by no token that is %s, and logs out with it', async (_, changes) => {
    await store.proxy.clear();
    expect(await checks(phone(changes))).toEqual(OUT);
    expect(await statusOf('logout', phone(changes), { query: { scope: 'others' } })).toBe(401);
    expect(store.operations()).toEqual([]);
    expect(await statusOf('logout', phone(changes))).toBe(200);
    expect([await checks(phone()), await checks(laptop())]).toEqual([OUT, IN]);
  });

  test('is neither let in nor out by a token with events', async () => {
    expect(await checks(phone({ events: {} }))).toEqual(OUT);
    expect(await statusOf('logout', phone({ events: {} }))).toBe(200);
    expect(await checks(phone())).toEqual(IN);
  });
});

test('users of two issuers with the same sub and session claim are two', async () => {
  const keys = { [ONE]: await makeKeyPair('EdDSA'), [TWO]: await makeKeyPair('ES256') };
  const entries = Object.entries(keys).map(([issuer, { pem: publicKey }]) => ({
    ...{ issuer, publicKey, sessions: 'adopted', sessionClaim: 'sid' },
  }));
  const both = start({ JWT_ISSUERS: JSON.stringify(entries) });
  const by = (iss: keyof typeof keys) => signWith(keys[iss], claims('s', { iss }));
  const [one, two] = [await by(ONE), await by(TWO)];
  for (const token of [one, two]) expect(await checks(token, both)).toEqual(IN);
  expect((await ask('me', one, {}, both)).body.sub).toBe(`${ONE}|${sub}`);
  expect((await ask('listSessions', two, {}, both)).body.sessions).toHaveLength(1);
  expect(await statusOf('logout', one, {}, both)).toBe(200);
  expect([await checks(one, both), await checks(two, both)]).toEqual([OUT, IN]);
  const everywhere = { query: { scope: 'everywhere' } };
  await ask('logout', await signWith(keys[ONE], claims('t', { iss: ONE })), everywhere, both);
  expect(await checks(two, both)).toEqual(IN);
  expect(await queryRows(store.direct, sub)).toEqual([]);
});

test('a user agent is kept up to 512 characters, whatever the limit cuts', async () => {
  for (const [sid, agent, kept] of [
    ['a', `${'x'.repeat(511)}😀`, `${'x'.repeat(511)}\ufffd`],
    ['b', 'x'.repeat(9_999), 'x'.repeat(512)],
  ] as const) {
    expect(await statusOf('me', tokenOf(sid), { headers: { 'User-Agent': agent } })).toBe(200);
    const rows = await queryRows(store.direct, sub);
    expect(rows.find(({ jti }) => jti === sid)).toMatchObject({ user_agent: kept });
  }
});
