/** Introspection (RFC 7662) and revocation (RFC 7009), as deployed. */
import { randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { decodeJwt } from 'jose';
import type { HttpResponse } from '../../lib/http/response.ts';
import { queryRows } from '../../lib/sessions/rows.ts';
import { HEADERS, INACTIVE, INVALID_CLIENT, REVOKED } from '../support/answers.ts';
import { eventV2, FORMATS } from '../support/events.ts';
import { type FreshFunctions, useFunctions } from '../support/fault-matrix/process.ts';
import { invoke, statusOfMe } from '../support/lambda.ts';
import { useLog } from '../support/log.ts';
import { basic, CLIENT, clientsOf, oauthRequest } from '../support/oauth.ts';
import { useProxiedStore } from '../support/proxied-store.ts';
import { issueTestSession, signRaw, TEST_SECRET } from '../support/signing.ts';

const store = useProxiedStore();
const log = useLog();
const HOUR = Math.floor(Date.now() / 1_000) + 3_600;
const NAMES = ['introspect', 'revoke'] as const;
const IN_HEADER = { Authorization: basic(CLIENT) };
const VARIABLES = { OAUTH_CLIENTS: clientsOf(CLIENT) };

const { functions, start } = useFunctions(store, {}, VARIABLES);
const startWith = (variables: Readonly<Record<string, string>>) =>
  start({ JWT_SECRET: TEST_SECRET, ...VARIABLES, ...variables });
const startAdopting = (JWT_SESSION_CLAIM: string, JWT_USER_CLAIM = 'sub') =>
  startWith({ SESSIONS: 'adopted', JWT_SESSION_CLAIM, JWT_USER_CLAIM });

/** Sends a form as a client. */
async function ask(
  name: (typeof NAMES)[number],
  form: Parameters<typeof oauthRequest>[0],
  headers: Readonly<Record<string, string>> = IN_HEADER,
  from: FreshFunctions = functions,
) {
  const path = `/api/v1/auth/${name}`;
  const response = await invoke(from[name], eventV2({ path, ...oauthRequest(form, headers) }));
  return response as HttpResponse;
}

const introspect = async (token: string, from?: FreshFunctions) =>
  JSON.parse((await ask('introspect', { token }, IN_HEADER, from)).body);
const me = (token: string) => statusOfMe(functions.me, token);
const sign = (claims: object) => signRaw({ alg: 'HS256' }, { exp: HOUR, ...claims });

describe.each(FORMATS)('payload format %s', (_, event) => {
  test('a session is active, is revoked, and is not active at the next request', async () => {
    const { token } = await issueTestSession(store.direct, { claims: { scope: 'read write' } });
    const send = async (name: (typeof NAMES)[number]) => {
      const request = { path: `/api/v1/auth/${name}`, ...oauthRequest({ token }) };
      return (await invoke(functions[name], event(request))) as HttpResponse;
    };
    const active = await send('introspect');
    expect(active).toMatchObject({ statusCode: 200, headers: HEADERS });
    expect(JSON.parse(active.body)).toEqual({
      ...{ active: true, token_type: 'Bearer', ...decodeJwt(token) },
    });
    expect(await send('revoke')).toEqual(REVOKED);
    expect(await send('introspect')).toEqual(INACTIVE);
    expect(await me(token)).toBe(401);
    expect(await send('revoke')).toEqual(REVOKED);
  });
});

describe('a token that is not active', () => {
  const claims = { sub: 'alice', jti: 'none' };

  // tests/handlers/token-attacks*.test.ts have every token that opens nothing.
  test.each<[string, string, readonly string[]]>([
    ['has no session', sign(claims), ['BatchGetItem']],
    ['is expired', sign({ ...claims, exp: 1 }), []],
    ['is not valid yet', sign({ ...claims, nbf: HOUR }), []],
    ['is expired and bound to a key', sign({ ...claims, exp: 1, cnf: { jkt: 'x' } }), []],
    ['is a logout token', sign({ ...claims, events: {} }), []],
    ['is forged', signRaw({ alg: 'HS256' }, { ...claims, exp: HOUR }, 'x'.repeat(40)), []],
    ['is opaque', randomUUID(), []],
    ['is too long', 'x'.repeat(9_000), []],
  ])('%s: {"active":false}, and 200 from revocation', async (_, token, operations) => {
    expect(await ask('introspect', { token })).toEqual(INACTIVE);
    expect(store.operations()).toEqual(operations);
    expect(await ask('revoke', { token })).toEqual(REVOKED);
    expect(log.lines().join()).not.toContain(token);
  });

  test('an expired token still ends its session', async () => {
    const sub = randomUUID();
    const { token } = await issueTestSession(store.direct, { sub, ttlSeconds: -60 });
    expect(await ask('revoke', { token })).toEqual(REVOKED);
    expect(await queryRows(store.direct, sub)).toEqual([]);
  });
});

test.each(['access_token', 'refresh_token', 'nonsense'])(
  'a hint changes nothing: %s',
  async (token_type_hint) => {
    const { token } = await issueTestSession(store.direct);
    const form = { token, token_type_hint, resource: 'https://api.example.com' };
    expect(JSON.parse((await ask('introspect', form)).body).active).toBe(true);
    expect(await ask('revoke', form)).toEqual(REVOKED);
    expect(await ask('introspect', form)).toEqual(INACTIVE);
  },
);

describe('introspection', () => {
  test('reads strongly consistent, and once for each question', async () => {
    const { token } = await issueTestSession(store.direct);
    for (const _ of [1, 2]) expect((await introspect(token)).active).toBe(true);
    expect(store.operations()).toEqual(['BatchGetItem', 'BatchGetItem']);
    expect(JSON.stringify(store.proxy.requests())).toContain('"ConsistentRead":true');
  });

  test.each<[object, object]>([
    [{ cnf: { jkt: 'thumbprint' } }, { token_type: 'DPoP', cnf: { jkt: 'thumbprint' } }],
    [{ cnf: { 'x5t#S256': 'x' } }, { cnf: { 'x5t#S256': 'x' } }],
    [{ cnf: 'odd' }, { cnf: 'odd' }],
    [
      { scp: ['read', 'write'], azp: 'web' },
      { scope: 'read write', client_id: 'web' },
    ],
    [{ scope: { odd: true }, scp: 'read' }, { scope: 'read' }],
    [{ scope: ['a', 7], username: 7, iss: ['i'] }, { username: '7' }],
    [
      { aud: ['one', 'two'], iss: 'i', nbf: 7 },
      { aud: ['one', 'two'], iss: 'i', nbf: 7 },
    ],
    [
      { auth_time: 7, username: 'al', client_id: 'c' },
      { auth_time: 7, username: 'al', client_id: 'c' },
    ],
    [{ auth_time: 'odd', aud: 7, active: false, token_type: 'x', email: 'a@example.com' }, {}],
  ])('answers what a strict client can read: of %j', async (claims, members) => {
    const { session } = await issueTestSession(store.direct, { sub: randomUUID() });
    const known = { sub: session.sub, jti: session.jti, exp: HOUR };
    expect(await introspect(sign({ ...known, ...claims }))).toEqual({
      ...{ active: true, token_type: 'Bearer', ...known, ...members },
    });
  });

  test('of a bound token opens nothing here, where no proof is checked', async () => {
    const { session } = await issueTestSession(store.direct, { sub: randomUUID() });
    const token = sign({ sub: session.sub, jti: session.jti, cnf: { jkt: 'x' } });
    expect((await introspect(token)).active).toBe(true);
    expect(await me(token)).toBe(401);
    expect(await ask('revoke', { token })).toEqual(REVOKED);
    expect(await introspect(token)).toEqual({ active: false });
  });

  test('adopts a session without the user agent and the address of the resource server', async () => {
    const adopting = startAdopting('sid');
    const sub = randomUUID();
    const token = sign({ sub, sid: 's' });
    const headers = { ...IN_HEADER, 'User-Agent': 'resource-server/1.0' };
    const { body } = await ask('introspect', { token }, headers, adopting);
    expect(JSON.parse(body)).toEqual({
      ...{ active: true, token_type: 'Bearer', exp: HOUR, sub, sid: 's' },
    });
    const [row = {}] = await queryRows(store.direct, sub);
    expect(Object.keys(row).sort()).toEqual(['auth_time', 'expires_at', 'jti', 'sid', 'sub']);
    expect(await ask('revoke', { token }, IN_HEADER, adopting)).toEqual(REVOKED);
    expect(await introspect(token, adopting)).toEqual({ active: false });
  });

  test('names a session by a number as the text that its row has', async () => {
    const auth_time = Math.floor(Date.now() / 1_000);
    const token = sign({ uid: 7, sub: 8, sid: 9, auth_time });
    expect(await introspect(token, startAdopting('auth_time', 'uid'))).toEqual({
      ...{ active: true, token_type: 'Bearer', exp: HOUR, auth_time, sid: '9' },
    });
  });
});

describe.each(NAMES)('%s', (name) => {
  // tests/lib/http/form.test.ts has every form.
  test.each<[string, string, Record<string, string>]>([
    ['without a token', '', IN_HEADER],
    ['with two tokens', 'token=a&token=b', IN_HEADER],
    ['with two hints', 'token=a&token_type_hint=a&token_type_hint=a', IN_HEADER],
    ['with two secrets', `token=a&client_secret=${CLIENT.secret}&client_secret=x`, {}],
    ['with two ids', `token=a&client_id=${CLIENT.id}&client_id=x`, IN_HEADER],
    ['with JSON', 'token=a', { ...IN_HEADER, 'Content-Type': 'application/json' }],
    ['with secrets in header and body', `token=a&client_secret=${CLIENT.secret}`, IN_HEADER],
    ['with another id in the body', 'token=a&client_id=another', IN_HEADER],
    ['with a bearer token and a secret', 'token=a&client_secret=x', { Authorization: 'Bearer x' }],
  ])('%s: 400 invalid_request', async (_, form, headers) => {
    const { body, ...response } = await ask(name, form, headers);
    expect(response).toEqual({ statusCode: 400, headers: HEADERS });
    expect(JSON.parse(body)).toEqual({
      ...{ error: 'invalid_request', error_description: expect.stringMatching(/^The /) },
    });
    expect(store.operations()).toEqual([]);
  });

  // tests/lib/oauth/authenticate-client.test.ts has every spelling.
  test.each<[string, Record<string, string>, Record<string, string>]>([
    ['nobody', {}, {}],
    ['a public client', { client_id: CLIENT.id }, {}],
    ['a wrong secret', {}, { Authorization: basic({ ...CLIENT, secret: 'wrong' }) }],
    ['a wrong secret in the body', { client_id: CLIENT.id, client_secret: 'wrong' }, {}],
    ['a bearer token', {}, { Authorization: 'Bearer eyJ.eyJ.x' }],
  ])('asked by %s: 401 with a challenge, and ends nothing', async (_, parameters, headers) => {
    const { token } = await issueTestSession(store.direct);
    expect(await ask(name, { token, ...parameters }, headers)).toEqual(INVALID_CLIENT);
    expect(log.outcomes()).toEqual([
      expect.objectContaining({ message: 'client.refused', reason: 'invalid_client' }),
    ]);
    expect(await me(token)).toBe(200);
  });

  test('is a 500 where nobody knows, whose every text is without the secret of the body', async () => {
    await store.proxy.fault('access-denied');
    const { token } = await issueTestSession(store.direct);
    const form = { token, client_id: CLIENT.id, client_secret: CLIENT.secret };
    const response = await ask(name, form, {});
    expect(response.statusCode).toBe(500);
    const text = [response.body, ...log.lines()].join();
    for (const secret of [...token.split('.').slice(1), CLIENT.secret])
      expect(text).not.toContain(secret);
  });

  test('is a 500 without a list of clients', async () => {
    const bare = startWith({ OAUTH_CLIENTS: '' });
    const { statusCode, body } = await ask(name, { token: 'a' }, IN_HEADER, bare);
    expect(statusCode).toBe(500);
    expect(body).toContain('OAUTH_CLIENTS');
  });
});

test('a refusal is counted, also one for two ways of authentication', async () => {
  await ask('introspect', { token: 'a' }, {});
  await ask('revoke', { token: 'a', client_secret: 'x' });
  const metrics = log.entries().filter((entry) => '_aws' in entry);
  expect(metrics.map((entry) => entry['client.refused'])).toEqual([1, 1]);
  expect(log.outcomes().map(({ reason, route }) => [reason, route])).toEqual([
    ['invalid_client', 'POST /api/v1/auth/introspect'],
    ['invalid_request', 'POST /api/v1/auth/revoke'],
  ]);
});
