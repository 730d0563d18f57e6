import { randomUUID } from 'node:crypto';
import { GetCommand } from '@aws-sdk/lib-dynamodb';
import { decodeJwt } from 'jose';
import { eventV2, FORMATS } from '../support/events.ts';
import { type Functions, loadFunctions } from '../support/functions.ts';
import { invoke } from '../support/lambda.ts';
import { useLog } from '../support/log.ts';
import {
  basic,
  CLIENT,
  clientsOf,
  INACTIVE,
  INVALID_CLIENT,
  oauthRequest,
  REVOKED,
} from '../support/oauth.ts';
import { useProxiedStore } from '../support/proxied-store.ts';
import { issueTestSession, signRaw, TEST_SECRET } from '../support/signing.ts';

const store = useProxiedStore();
const log = useLog();
const HOUR = Math.floor(Date.now() / 1_000) + 3_600;
const NAMES = ['introspect', 'revoke'] as const;
const ADOPTED = { SESSIONS: 'adopted', JWT_SESSION_CLAIM: 'sid' };

/** A deployment with these variables beside the common ones. */
const load = (variables: Readonly<Record<string, string>> = {}): Promise<Functions> =>
  loadFunctions({
    ...{ SESSIONS_TABLE: store.direct.table, JWT_SECRET: TEST_SECRET },
    ...{ OAUTH_CLIENTS: clientsOf(CLIENT), ...variables },
  });

let functions: Functions;
beforeAll(async () => {
  functions = await load();
});

type Form = Parameters<typeof oauthRequest>[0];

function ask(
  name: (typeof NAMES)[number],
  parameters: Form,
  headers?: Readonly<Record<string, string>>,
  from: Functions = functions,
) {
  const path = `/api/v1/auth/${name}`;
  return invoke(from[name], eventV2({ path, ...oauthRequest(parameters, headers) }));
}

const me = (token: string, from = functions) =>
  invoke(from.me, eventV2({ method: 'GET', path: '/api/v1/auth/me', token }));

describe.each(FORMATS)('payload format %s', (_, event) => {
  test('a session is active, is revoked, and is not active at the next request', async () => {
    const { token } = await issueTestSession(store.direct, { claims: { scope: 'read write' } });
    const send = (name: (typeof NAMES)[number]) =>
      invoke(functions[name], event({ path: `/api/v1/auth/${name}`, ...oauthRequest({ token }) }));
    const active = await send('introspect');
    expect(active).toMatchObject({ statusCode: 200, headers: INACTIVE.headers });
    expect(JSON.parse(active.body)).toEqual({
      ...{ active: true, token_type: 'Bearer', ...decodeJwt(token) },
    });
    expect(await send('revoke')).toEqual(REVOKED);
    expect(await send('introspect')).toEqual(INACTIVE);
    expect((await me(token)).statusCode).toBe(401);
    expect(await send('revoke')).toEqual(REVOKED);
  });
});

describe('a token that is not active', () => {
  const claims = () => ({ sub: 'alice', jti: randomUUID(), exp: HOUR });
  const HS256 = { alg: 'HS256', typ: 'JWT' };

  test.each<[string, () => string]>([
    ['has no session', () => signRaw(HS256, claims())],
    ['is expired', () => signRaw(HS256, { ...claims(), exp: 1 })],
    ['is not valid yet', () => signRaw(HS256, { ...claims(), nbf: HOUR })],
    [
      'is expired and bound to a key',
      () => signRaw(HS256, { ...claims(), exp: 1, cnf: { jkt: 'x' } }),
    ],
    ['is a logout token', () => signRaw(HS256, { ...claims(), events: {} })],
    ['is forged', () => signRaw(HS256, claims(), 'another secret, as long as a secret has to be')],
    ['is signed by nobody', () => signRaw({ alg: 'none' }, claims())],
    ['is opaque', () => randomUUID()],
    ['is too long', () => 'x'.repeat(9_000)],
    ['is no text', () => '\ud800\u0000'],
  ])('%s: {"active":false}, and 200 from revocation', async (_, make) => {
    const token = make();
    expect(await ask('introspect', { token })).toEqual(INACTIVE);
    expect(await ask('revoke', { token })).toEqual(REVOKED);
    for (const line of log.outcomes()) expect(JSON.stringify(line)).not.toContain(token);
  });

  test('an expired token still ends its session', async () => {
    const { token, session } = await issueTestSession(store.direct, { ttlSeconds: -60 });
    expect(await ask('revoke', { token })).toEqual(REVOKED);
    const Key = { sub: session.sub, jti: session.jti };
    const { Item } = await store.direct.client.send(
      new GetCommand({ TableName: store.direct.table, Key, ConsistentRead: true }),
    );
    expect(Item).toBeUndefined();
  });

  test.each(['access_token', 'refresh_token', 'nonsense'])(
    'a hint changes nothing: %s',
    async (token_type_hint) => {
      const { token } = await issueTestSession(store.direct);
      const parameters = { token, token_type_hint, resource: 'https://api.example.com' };
      expect(JSON.parse((await ask('introspect', parameters)).body).active).toBe(true);
      expect(await ask('revoke', parameters)).toEqual(REVOKED);
      expect(await ask('introspect', parameters)).toEqual(INACTIVE);
    },
  );
});

describe('introspection', () => {
  test('reads strongly consistent, and once for each question', async () => {
    const { token } = await issueTestSession(store.direct);
    for (const _ of [1, 2])
      expect(JSON.parse((await ask('introspect', { token })).body).active).toBe(true);
    expect(store.operations()).toEqual(['BatchGetItem', 'BatchGetItem']);
    expect(JSON.stringify(store.proxy.requests())).toContain('"ConsistentRead":true');
  });

  test('asks the store nothing about a token that nobody signed', async () => {
    await ask('introspect', { token: signRaw({ alg: 'HS256' }, { exp: HOUR }, 'x'.repeat(40)) });
    expect(store.operations()).toEqual([]);
  });

  test.each<[object, object]>([
    [{ cnf: { jkt: 'thumbprint' } }, { token_type: 'DPoP', cnf: { jkt: 'thumbprint' } }],
    [{ cnf: { 'x5t#S256': 'x' } }, { token_type: 'Bearer', cnf: { 'x5t#S256': 'x' } }],
    [{ cnf: 'odd' }, { token_type: 'Bearer', cnf: 'odd' }],
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
    const answer = await ask('introspect', {
      token: signRaw({ alg: 'HS256' }, { ...known, ...claims }),
    });
    expect(JSON.parse(answer.body)).toEqual({
      ...{ active: true, token_type: 'Bearer', ...known, ...members },
    });
  });

  test('of a bound token opens nothing here, where no proof is checked', async () => {
    const { session } = await issueTestSession(store.direct, { sub: randomUUID() });
    const claims = { sub: session.sub, jti: session.jti, exp: HOUR, cnf: { jkt: 'x' } };
    const token = signRaw({ alg: 'HS256' }, claims);
    expect(JSON.parse((await ask('introspect', { token })).body).active).toBe(true);
    expect((await me(token)).statusCode).toBe(401);
    expect(await ask('revoke', { token })).toEqual(REVOKED);
    expect(await ask('introspect', { token })).toEqual(INACTIVE);
  });

  test('adopts a session without the user agent and the address of the resource server', async () => {
    const adopting = await load(ADOPTED);
    const [sub, sid] = [randomUUID(), randomUUID()];
    const token = signRaw({ alg: 'HS256' }, { sub, sid, exp: HOUR });
    const headers = { Authorization: basic(CLIENT), 'User-Agent': 'resource-server/1.0' };
    const answer = await ask('introspect', { token }, headers, adopting);
    expect(JSON.parse(answer.body)).toEqual({
      ...{ active: true, token_type: 'Bearer', exp: HOUR, sub, sid },
    });
    const { Item } = await store.direct.client.send(
      new GetCommand({
        TableName: store.direct.table,
        Key: { sub, jti: sid },
        ConsistentRead: true,
      }),
    );
    expect(Object.keys(Item ?? {}).sort()).toEqual([
      'auth_time',
      'expires_at',
      'jti',
      'sid',
      'sub',
    ]);
    expect(await ask('revoke', { token }, undefined, adopting)).toEqual(REVOKED);
    expect(await ask('introspect', { token }, undefined, adopting)).toEqual(INACTIVE);
    functions = await load();
  });

  test('names a session by a number as the text that its row has', async () => {
    const adopting = await load({
      ...ADOPTED,
      JWT_SESSION_CLAIM: 'auth_time',
      JWT_USER_CLAIM: 'uid',
    });
    const claims = { uid: 7, sub: 8, sid: 9, auth_time: 10, exp: HOUR };
    const auth_time = Math.floor(Date.now() / 1_000);
    const token = signRaw({ alg: 'HS256' }, { ...claims, auth_time });
    expect(JSON.parse((await ask('introspect', { token }, undefined, adopting)).body)).toEqual({
      ...{ active: true, token_type: 'Bearer', exp: HOUR, auth_time, sid: '9' },
    });
    functions = await load();
  });
});

describe.each(NAMES)('%s', (name) => {
  test.each<[string, Form, Record<string, string> | undefined]>([
    ['without a token', {}, undefined],
    ['with an empty token', { token: '' }, undefined],
    [
      'with two tokens',
      [
        ['token', 'a'],
        ['token', 'b'],
      ],
      undefined,
    ],
    [
      'with an empty token beside one',
      [
        ['token', ''],
        ['token', 'b'],
      ],
      undefined,
    ],
    [
      'with two hints',
      [
        ['token', 'a'],
        ['token_type_hint', 'a'],
        ['token_type_hint', 'a'],
      ],
      undefined,
    ],
    [
      'with two secrets',
      [
        ['token', 'a'],
        ['client_secret', CLIENT.secret],
        ['client_secret', 'x'],
      ],
      {},
    ],
    [
      'with two ids',
      [
        ['token', 'a'],
        ['client_id', CLIENT.id],
        ['client_id', 'x'],
      ],
      undefined,
    ],
    [
      'with JSON',
      { token: 'a' },
      { Authorization: basic(CLIENT), 'Content-Type': 'application/json' },
    ],
    ['without a type', { token: 'a' }, { Authorization: basic(CLIENT), 'Content-Type': '' }],
    [
      'with a type that only begins like a form’s',
      { token: 'a' },
      { Authorization: basic(CLIENT), 'Content-Type': 'application/x-www-form-urlencoded2' },
    ],
    [
      'with a secret in the header and one in the body',
      { token: 'a', client_secret: CLIENT.secret },
      undefined,
    ],
    ['with another id in the body', { token: 'a', client_id: 'another' }, undefined],
    [
      'with a bearer token and a secret',
      { token: 'a', client_secret: 'x' },
      { Authorization: 'Bearer x' },
    ],
  ])('%s: 400 invalid_request', async (_, parameters, headers) => {
    const response = await ask(name, parameters, headers);
    expect(response).toMatchObject({ statusCode: 400, headers: INACTIVE.headers });
    expect(JSON.parse(response.body)).toEqual({
      error: 'invalid_request',
      error_description: expect.stringMatching(/^The /),
    });
    expect(response.headers).toEqual(INACTIVE.headers);
    expect(store.operations()).toEqual([]);
  });

  test.each<[string, Record<string, string>, Record<string, string>]>([
    ['nobody', {}, {}],
    ['a public client', { client_id: CLIENT.id }, {}],
    ['an unknown client', {}, { Authorization: basic({ ...CLIENT, id: 'another' }) }],
    ['a wrong secret', {}, { Authorization: basic({ ...CLIENT, secret: `${CLIENT.secret}x` }) }],
    [
      'the hash in place of the secret',
      {},
      { Authorization: basic({ ...CLIENT, secret: clientsOf(CLIENT).slice(-66, -2) }) },
    ],
    ['an empty secret', {}, { Authorization: `Basic ${btoa('gateway:')}` }],
    ['an empty id', {}, { Authorization: `Basic ${btoa(`:${CLIENT.secret}`)}` }],
    ['no colon', {}, { Authorization: `Basic ${btoa('gateway')}` }],
    ['no base64', {}, { Authorization: 'Basic %%%' }],
    ['a wrong escape', {}, { Authorization: `Basic ${btoa('gateway:%zz')}` }],
    ['nothing in the header', {}, { Authorization: '' }],
    ['a bearer token', {}, { Authorization: 'Bearer eyJ.eyJ.x' }],
    ['another case', {}, { Authorization: basic({ ...CLIENT, id: 'Gateway' }) }],
    ['a property of every object', {}, { Authorization: basic({ ...CLIENT, id: '__proto__' }) }],
    ['two headers', {}, { Authorization: `${basic(CLIENT)},${basic(CLIENT)}` }],
    ['a wrong secret in the body', { client_id: CLIENT.id, client_secret: 'wrong' }, {}],
    ['an empty secret in the body', { client_id: CLIENT.id, client_secret: '' }, {}],
  ])('asked by %s: 401 with a challenge, and ends nothing', async (_, parameters, headers) => {
    const { token } = await issueTestSession(store.direct);
    expect(await ask(name, { token, ...parameters }, headers)).toEqual(INVALID_CLIENT);
    expect(log.outcomes()).toEqual([
      expect.objectContaining({ message: 'client.refused', reason: 'invalid_client' }),
    ]);
    expect((await me(token)).statusCode).toBe(200);
  });

  test.each<[string, Record<string, string>, Record<string, string>]>([
    ['in the header', {}, { Authorization: basic(CLIENT) }],
    [
      'in the header, with the id in the body',
      { client_id: CLIENT.id },
      { Authorization: basic(CLIENT) },
    ],
    [
      'in the header, in another case',
      {},
      { Authorization: basic(CLIENT).replace('Basic', 'BASIC  ') },
    ],
    ['in the body', { client_id: CLIENT.id, client_secret: CLIENT.secret }, {}],
    [
      'with a charset',
      {},
      {
        Authorization: basic(CLIENT),
        'Content-Type': 'Application/X-WWW-Form-urlencoded ;charset=utf-8',
      },
    ],
  ])('takes a client’s secret %s', async (_, parameters, headers) => {
    const { token } = await issueTestSession(store.direct);
    const { statusCode, body } = await ask(name, { token, ...parameters }, headers);
    expect({
      statusCode,
      isRight: name === 'revoke' ? body === '{}' : JSON.parse(body).active,
    }).toEqual({
      ...{ statusCode: 200, isRight: true },
    });
  });

  test('is a 500 where nobody knows, whose every text is without the secrets', async () => {
    const { token } = await issueTestSession(store.direct);
    for (const headers of [undefined, {}]) {
      await store.proxy.fault('access-denied');
      const inBody = headers && { client_id: CLIENT.id, client_secret: CLIENT.secret };
      const response = await ask(name, { token, ...inBody }, headers);
      expect(response.statusCode).toBe(500);
      const texts = `${JSON.stringify(response)} ${log.lines().join('\n')}`;
      for (const secret of [
        token,
        ...token.split('.').slice(1),
        CLIENT.secret,
        basic(CLIENT).slice(6),
      ])
        expect(texts).not.toContain(secret);
    }
  });

  test('is a 500 without a list of clients', async () => {
    const bare = await load({ OAUTH_CLIENTS: '' });
    const { statusCode, body } = await ask(name, { token: 'a' }, undefined, bare);
    expect(statusCode).toBe(500);
    expect(body).toContain('OAUTH_CLIENTS');
    functions = await load();
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

test('both secrets of a rotation are taken, and no third', async () => {
  const next = { ...CLIENT, secret: 'the next one' };
  const rotating = await load({ OAUTH_CLIENTS: clientsOf(CLIENT, next) });
  const statuses = await Promise.all(
    [CLIENT, next, { ...CLIENT, secret: 'another' }].map(
      async (client) =>
        (await ask('introspect', { token: 'a' }, { Authorization: basic(client) }, rotating))
          .statusCode,
    ),
  );
  expect(statuses).toEqual([200, 200, 401]);
  functions = await load();
});
