/** Logout tokens as identity providers send them, and as nobody should (OpenID Connect Back-Channel Logout 1.0). */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { HttpResponse } from '../../lib/http/response.ts';
import { refreshSession } from '../../lib/login/issue.ts';
import { CUTOFF_KEY } from '../../lib/sessions/cutoff.ts';
import { queryRows } from '../../lib/sessions/rows.ts';
import type { Session } from '../../lib/sessions/session.ts';
import { HEADERS } from '../support/answers.ts';
import { contract } from '../support/contract.ts';
import { payloadId } from '../support/error-payload.ts';
import { type FreshFunctions, useFunctions } from '../support/fault-matrix/process.ts';
import { type KeyServer, startKeyServer } from '../support/jwks-server.ts';
import { type KeyPair, makeKeyPair, signWith } from '../support/key-pairs.ts';
import { invoke, statusOfMe } from '../support/lambda.ts';
import { useLog } from '../support/log.ts';
import {
  BACKCHANNEL_PATH,
  backchannelEvent,
  CLIENT,
  FORM_TYPE,
  LOGOUT_EVENT,
  logoutForm,
  logoutToken,
  PROVIDER,
} from '../support/logout-tokens.ts';
import { useProxiedStore } from '../support/proxied-store.ts';
import { writeRow } from '../support/session-rows.ts';
import { encode, issueTestSession, signRaw, TEST_SECRET, testSigner } from '../support/signing.ts';

const store = useProxiedStore();
const log = useLog();
const { start } = useFunctions(store);

let rsa: KeyPair;
let ed: KeyPair;
let stranger: KeyPair;
let keys: KeyServer;
/** A login service signs the sessions' tokens, by HMAC; the provider its logout tokens. */
let registered: FreshFunctions;
/** The provider signs both. */
let adopted: FreshFunctions;
/** The user of a test. */
let sub: string;

beforeAll(async () => {
  rsa = await makeKeyPair('RS256');
  ed = await makeKeyPair('EdDSA');
  stranger = await makeKeyPair('EdDSA');
  keys = await startKeyServer([
    { ...rsa.jwk, kid: 'k1', alg: 'RS256', use: 'sig' },
    { ...ed.jwk, kid: 'ed' },
  ]);
  registered = start({
    ...{ JWT_SECRET: TEST_SECRET, JWT_LOGOUT_AUDIENCE: `other ${CLIENT}` },
    ...{ JWT_LOGOUT_ISSUER: PROVIDER, JWT_LOGOUT_JWKS_URL: keys.url },
  });
  adopted = startAdopted('sid');
});
afterAll(() => keys.close());
beforeEach(() => {
  sub = randomUUID();
});

const startAdopted = (JWT_SESSION_CLAIM: string, changes: Record<string, string> = {}) =>
  start({
    ...{ SESSIONS: 'adopted', JWT_SESSION_CLAIM, JWT_ISSUER: PROVIDER, JWT_JWKS_URL: keys.url },
    ...{ JWT_AUDIENCE: 'api', JWT_LOGOUT_AUDIENCE: CLIENT, ...changes },
  });

/** Holds every answer to the OpenAPI document. */
const check = contract();
const seconds = () => Math.floor(Date.now() / 1_000);

/** Hands an event to the endpoint. */
async function post(event: unknown, functions = registered) {
  const answer = (await invoke(functions.backchannelLogout, event)) as HttpResponse;
  expect(answer.headers).toMatchObject(HEADERS);
  const { statusCode: status, body } = answer;
  const headers = new Headers(answer.headers);
  check({ method: 'POST', path: BACKCHANNEL_PATH, status, headers, body });
  return { status, body: JSON.parse(body) };
}

const send = async (token: string, functions = registered) =>
  (await post(backchannelEvent(logoutForm(token)), functions)).status;

/** Requires a 400 that ends nothing, and returns its description. */
async function expectRefused(token: string, reason: string, functions = registered) {
  await store.proxy.clear();
  log.clear();
  const { status, body } = await post(backchannelEvent(logoutForm(token)), functions);
  expect({ status, error: body.error }).toEqual({ status: 400, error: 'invalid_request' });
  expect(Object.keys(body).sort()).toEqual(['error', 'error_description']);
  expect(store.operations()).toEqual([]);
  expect(log.outcomes()).toMatchObject([{ message: 'logout.refused', reason }]);
  expect(log.lines().join()).not.toContain(token);
  return body.error_description;
}

const me = (token: string, { me } = registered) => statusOfMe(me, token);
const begin = (idpSid?: string) => issueTestSession(store.direct, { sub, idpSid });
const refresh = async (session: Session) => {
  const refreshed = await refreshSession(store.direct, testSigner, session, { ttlSeconds: 600 });
  if (!refreshed) throw new Error('The session is over');
  return refreshed;
};
/** An access token of the provider. */
const access = (sid: string, changes: object = {}) =>
  signWith(
    rsa,
    {
      ...{ iss: PROVIDER, aud: 'api', sub, sid, jti: randomUUID(), iat: seconds() - 60 },
      ...{ auth_time: seconds() - 60, exp: seconds() + 600, ...changes },
    },
    { typ: 'at+jwt', kid: 'k1' },
  );

describe('what providers send', () => {
  // The first is module oidcc-client-test-rp-backchannel-rpinitlogout of the OpenID conformance suite.
  test.each<[string, () => Promise<string>]>([
    ['a claim to ignore', () => logoutToken(rsa, { sub, sid: 's', ignored_claim: 'x' })],
    ['oidc-provider, without the session', () => logoutToken(rsa, { sub })],
    [
      'Hydra with a user',
      () => logoutToken(rsa, { sub, sid: 's', exp: undefined, aud: [CLIENT] }, { typ: undefined }),
    ],
    [
      'Keycloak',
      () => {
        const events = { [LOGOUT_EVENT]: {}, revoke_offline_access: true };
        return logoutToken(rsa, { sub, sid: 's', typ: 'Logout', events }, { typ: 'JWT' });
      },
    ],
    [
      'an older Keycloak',
      () => logoutToken(rsa, { sub, exp: undefined, aud: ['x', CLIENT] }, { typ: 'JWT' }),
    ],
    [
      'a sender of null for no session',
      () => logoutToken(rsa, { sub, sid: null }, { typ: 'application/logout+jwt' }),
    ],
    ['Better Auth, signed by EdDSA', () => logoutToken(ed, { sub, sid: 's' }, { kid: 'ed' })],
  ])('%s: 200, and the session is over', async (_, token) => {
    const session = await begin('s');
    const form = logoutForm(await token(), { ignored_parameter: 'x' });
    expect(await post(backchannelEvent(form))).toEqual({ status: 200, body: {} });
    expect(await me(session.token)).toBe(401);
  });

  test('Hydra without a user is told what to send', async () => {
    const token = await logoutToken(rsa, { sid: 's', exp: undefined }, { typ: undefined });
    expect(await expectRefused(token, 'invalid_session_reference')).toMatch(
      /claim sub names no user: the issuer has to send it/,
    );
  });
});

describe('a token that is not right ends nothing', () => {
  test.each<[string, object, string]>([
    // Modules of the OpenID conformance suite, each oidcc-client-test-rp-backchannel-rpinitlogout-…
    ['wrong-iss', { iss: `${PROVIDER}/` }, 'wrong_issuer'],
    ['wrong-aud', { aud: 'another' }, 'wrong_audience'],
    ['no-event', { events: undefined }, 'invalid_claims'],
    ['wrong-event', { events: { [`${LOGOUT_EVENT}s`]: {} } }, 'no_logout_event'],
    ['with-nonce', { nonce: 'n' }, 'no_logout_event'],
    // Others.
    ['a nonce of null', { nonce: null }, 'no_logout_event'],
    ['an event that is no object', { events: { [LOGOUT_EVENT]: true } }, 'no_logout_event'],
    ['a list of events', { events: [LOGOUT_EVENT] }, 'no_logout_event'],
    ['no audience', { aud: undefined }, 'wrong_audience'],
    ['an empty audience', { aud: [] }, 'wrong_audience'],
    ['an audience that holds the client id', { aud: `${CLIENT} x` }, 'wrong_audience'],
    ['no jti', { jti: undefined }, 'invalid_claims'],
    ['an empty jti', { jti: '' }, 'invalid_claims'],
    ['a number for a jti', { jti: 7 }, 'invalid_claims'],
    ['no iat', { iat: undefined }, 'invalid_claims'],
    ['an iat in words', { iat: 'now' }, 'invalid_claims'],
    ['an exp in words', { exp: 'soon' }, 'invalid_claims'],
    ['a sid that is no session id', { sid: '#cutoff' }, 'invalid_session_reference'],
    ['a number for a sid', { sid: 7 }, 'invalid_session_reference'],
    ['a user that is a list', { sub: ['alice'] }, 'invalid_session_reference'],
    ['a user that no token can name', { sub: '#jti:x' }, 'invalid_session_reference'],
  ])('%s', async (_, changes, reason) => {
    const { token } = await begin('s');
    await expectRefused(await logoutToken(rsa, { sub, sid: 's', ...changes }), reason);
    expect(await me(token)).toBe(200);
  });

  test.each<[string, () => object, string | undefined]>([
    ['expired just within the tolerance', () => ({ exp: seconds() - 2 }), undefined],
    ['expired', () => ({ exp: seconds() - 10 }), 'expired'],
    ['without exp, 4:50 minutes old', () => ({ exp: undefined, iat: seconds() - 290 }), undefined],
    ['without exp, 5:10 minutes old', () => ({ exp: undefined, iat: seconds() - 310 }), 'expired'],
    ['an hour old, with exp', () => ({ iat: seconds() - 3_600 }), undefined],
    ['issued 3 s ahead', () => ({ iat: seconds() + 3 }), undefined],
    ['issued 10 s ahead', () => ({ iat: seconds() + 10 }), 'not_yet_valid'],
    ['not yet valid', () => ({ nbf: seconds() + 60 }), 'not_yet_valid'],
  ])('a token that is %s', async (_, changes, reason) => {
    const token = await logoutToken(rsa, { sub, ...changes() });
    if (reason) await expectRefused(token, reason);
    else expect(await send(token)).toBe(200);
  });

  // tests/handlers/token-attacks*.test.ts have every attack on signatures: logout tokens pass the same check.
  test('alg none, another algorithm than the key’s, another key, and HMAC by the secret', async () => {
    const [, payload = ''] = (await logoutToken(rsa, { sub })).split('.');
    const none = `${encode({ alg: 'none', typ: 'logout+jwt' })}.${payload}.`;
    await expectRefused(none, 'algorithm_not_allowed');
    await expectRefused(await logoutToken({ ...rsa, algorithm: 'PS256' }, { sub }), 'unknown_key');
    const forged = await logoutToken(stranger, { sub }, { kid: 'ed' });
    await expectRefused(forged, 'bad_signature');
    const claims = Buffer.from(payload, 'base64url').toString();
    await expectRefused(signRaw({ alg: 'HS256', kid: 'k1' }, claims), 'algorithm_not_allowed');
  });

  test('an algorithm that is not among the issuer’s', async () => {
    const functions = startAdopted('sid', { JWT_ALGORITHMS: 'RS256' });
    const token = await logoutToken(ed, { sub }, { kid: 'ed' });
    await expectRefused(token, 'algorithm_not_allowed', functions);
  });

  test('an access token is no logout token, and a logout token no access token', async () => {
    const token = await access('s');
    await expectRefused(token, 'unsupported_type', adopted);
    const untyped = await logoutToken(rsa, { sub, events: undefined }, { typ: undefined });
    await expectRefused(untyped, 'invalid_claims', adopted);
    for (const typ of ['logout+jwt', 'JWT'])
      expect(
        await me(await logoutToken(rsa, { sub, sid: 's', aud: 'api' }, { typ }), adopted),
      ).toBe(401);
    expect(await me(token, adopted)).toBe(200);
  });
});

// tests/lib/http/form.test.ts has every form.
test.each<[string, (form: string) => unknown]>([
  ['two tokens', (form) => backchannelEvent(`${form}&${form}`)],
  ['a form by the name of text', (form) => backchannelEvent(form, { type: 'text/plain' })],
  ['another name', (form) => backchannelEvent(form.replace('logout_token', 'token'))],
  ['an empty token', () => backchannelEvent('logout_token=')],
  [
    'the token in the query',
    (form) => ({
      ...backchannelEvent(''),
      rawQueryString: form,
      queryStringParameters: Object.fromEntries(new URLSearchParams(form)),
    }),
  ],
  [
    'the token as a bearer token',
    (form) => {
      const authorization = `Bearer ${new URLSearchParams(form).get('logout_token')}`;
      return { ...backchannelEvent(''), headers: { 'content-type': FORM_TYPE, authorization } };
    },
  ],
])('%s: 400, and nothing ends', async (_, event) => {
  const { token } = await begin('s');
  const form = logoutForm(await logoutToken(rsa, { sub, sid: 's' }));
  expect(await post(event(form))).toEqual({
    status: 400,
    body: { error: 'invalid_request', error_description: expect.any(String) },
  });
  expect(await me(token)).toBe(200);
});

describe('registered sessions', () => {
  test('by sid: the rows of that session and those of none, along their marks', async () => {
    const [own, none, wrong, other] = [
      await begin('s'),
      await begin(),
      await begin('s'),
      await begin('t'),
    ];
    // A text would be the name of another session; DynamoDB Local takes no empty one.
    await writeRow(store.direct, { ...wrong.session, idp_sid: 7 });
    const refreshed = await refresh(own.session);
    expect(await send(await logoutToken(rsa, { sub, sid: 's' }))).toBe(200);
    for (const { token } of [own, refreshed, none, wrong]) expect(await me(token)).toBe(401);
    expect(await me(other.token)).toBe(200);
  });

  test('by sub alone: all of the user, and of no other', async () => {
    const sessions = [await begin('s'), await begin()];
    const bob = await issueTestSession(store.direct, { sub: `${sub}-bob` });
    expect(await send(await logoutToken(rsa, { sub }))).toBe(200);
    for (const { token } of sessions) expect(await me(token)).toBe(401);
    expect(await me(bob.token)).toBe(200);
  });

  test.each([{}, { sid: 's' }])(
    'the same token again, %j, ends nothing that began since',
    async (claims) => {
      const before = await begin();
      const token = await logoutToken(rsa, { sub, ...claims });
      expect(await send(token)).toBe(200);
      expect(await me(before.token)).toBe(401);
      const after = await begin();
      expect(await send(token)).toBe(200);
      expect(await me(after.token)).toBe(200);
      expect(await send(await logoutToken(rsa, { sub, ...claims }))).toBe(200);
      expect(await me(after.token)).toBe(401);
    },
  );

  test('the same token again still ends a session of its sid', async () => {
    const token = await logoutToken(rsa, { sub, sid: 's' });
    await begin();
    expect(await send(token)).toBe(200);
    const late = await begin('s');
    expect(await send(token)).toBe(200);
    expect(await me(late.token)).toBe(401);
  });

  test('by sid, the cutoff keeps the jti of the token, and ends nothing', async () => {
    await begin();
    const other = await begin('t');
    expect(await send(await logoutToken(rsa, { sub, sid: 's', jti: 'j' }))).toBe(200);
    const rows = await queryRows(store.direct, sub);
    expect(rows.find(({ jti }) => jti === CUTOFF_KEY)).toMatchObject({
      ...{ logout_jti: 'j', revoked_before: 1 },
    });
    expect(await me(other.token)).toBe(200);
  });

  test('a user without sessions: 200, and no row is left by a sid', async () => {
    expect(await send(await logoutToken(rsa, { sub, sid: 's' }))).toBe(200);
    expect(await queryRows(store.direct, sub)).toEqual([]);
  });

  test('refreshes do not add up: one delete for a family that is read whole', async () => {
    let { session } = await begin('s');
    for (let refreshes = 0; refreshes < 5; refreshes += 1) ({ session } = await refresh(session));
    await store.proxy.clear();
    expect(await send(await logoutToken(rsa, { sub, sid: 's' }))).toBe(200);
    expect(store.operations()).toEqual(['Query', 'DeleteItem']);
  });

  test('a successor of another idp_sid ends with its predecessor', async () => {
    const { session } = await begin('s');
    const { session: next, token } = await refresh(session);
    await writeRow(store.direct, { ...next, idp_sid: 't' });
    expect(await send(await logoutToken(rsa, { sub, sid: 's' }))).toBe(200);
    expect(await me(token)).toBe(401);
  });
});

// tests/handlers/fault-matrix.test.ts has all other faults.
describe('a 500, as something is not known to have ended', () => {
  const expectFailure = async () => {
    const event = backchannelEvent(logoutForm(await logoutToken(rsa, { sub, sid: 's' })));
    const answer = await invoke(registered.backchannelLogout, event);
    const request = { method: 'POST', path: BACKCHANNEL_PATH };
    expect(payloadId(request, answer)).toEqual(expect.any(String));
  };

  test('where a session was ended, and the token cannot be remembered', async () => {
    const { token } = await begin();
    await store.proxy.fault('access-denied', { operation: 'UpdateItem' });
    await expectFailure();
    await store.proxy.clear();
    expect(await me(token)).toBe(401);
  });

  test('where one row cannot be ended, which keeps no other alive', async () => {
    const [one, two] = [await begin('s'), await begin('s')];
    await writeRow(store.direct, { ...two.session, rotated_to: 7 });
    await expectFailure();
    expect(await me(one.token)).toBe(401);
  });
});

describe('adopted sessions', () => {
  test('by the session claim sid: that session alone, seen before or not, refreshed or not', async () => {
    const [seen, other] = [await access('seen'), await access('other')];
    for (const token of [seen, other]) expect(await me(token, adopted)).toBe(200);
    for (const sid of ['seen', 'unseen'])
      expect(await send(await logoutToken(rsa, { sub, sid }), adopted)).toBe(200);
    for (const token of [seen, await access('seen', { iat: seconds() }), await access('unseen')])
      expect(await me(token, adopted)).toBe(401);
    expect(await me(other, adopted)).toBe(200);
    const lines = log.outcomes().filter(({ message }) => message === 'logout.ended');
    expect(lines.map(({ scope }) => scope)).toEqual(['one', 'one']);
  });

  test.each<[string, object, () => FreshFunctions]>([
    ['without a sid', {}, () => adopted],
    ['by another session claim', { sid: 'a' }, () => startAdopted('origin_jti')],
    [
      'of another issuer, whose sid names nothing here',
      { sid: 'a', iss: 'https://broker.example' },
      () => startAdopted('sid', { JWT_LOGOUT_ISSUER: 'https://broker.example' }),
    ],
  ])('%s: all of the user, seen or not, until the next sign-in', async (_, changes, functions) => {
    const deployment = functions();
    const [seen, unseen] = [
      await access('a', { origin_jti: 'a' }),
      await access('b', { origin_jti: 'b' }),
    ];
    expect(await me(seen, deployment)).toBe(200);
    const token = await logoutToken(rsa, { sub, ...changes });
    expect(await send(token, deployment)).toBe(200);
    for (const each of [seen, unseen]) expect(await me(each, deployment)).toBe(401);
    const next = await access('c', { origin_jti: 'c', auth_time: seconds() + 1 });
    expect(await send(token, deployment)).toBe(200);
    expect(await me(next, deployment)).toBe(200);
  });
});

describe('several issuers', () => {
  const ONE = 'https://one.example';
  const TWO = 'https://two.example';
  const THREE = 'https://three.example';
  let functions: FreshFunctions;
  beforeAll(() => {
    const entry = { sessions: 'adopted', sessionClaim: 'sid' };
    functions = start({
      JWT_ISSUERS: JSON.stringify([
        { ...entry, issuer: ONE, publicKey: rsa.pem, logoutAudience: CLIENT },
        { ...entry, issuer: TWO, publicKey: ed.pem, logoutAudience: ['x', CLIENT] },
        { ...entry, issuer: THREE, publicKey: stranger.pem },
      ]),
    });
  });

  test('each ends sessions of its own users', async () => {
    const one = await access('s', { iss: ONE });
    const two = await signWith(ed, { iss: TWO, sub, sid: 's', exp: seconds() + 600 });
    for (const token of [one, two]) expect(await me(token, functions)).toBe(200);
    const logout = await logoutToken(ed, { iss: TWO, sub }, { kid: undefined });
    expect(await send(logout, functions)).toBe(200);
    expect([await me(one, functions), await me(two, functions)]).toEqual([200, 401]);
    const lines = log.outcomes().filter(({ message }) => message === 'logout.ended');
    expect(lines).toMatchObject([{ by: 'identity-provider', issuer: TWO, scope: 'everywhere' }]);
  });

  test.each<[string, () => KeyPair, string | undefined, string]>([
    ['none signs for another', () => stranger, TWO, 'bad_signature'],
    ['none signs by another’s algorithm', () => rsa, TWO, 'algorithm_not_allowed'],
    ['one without logoutAudience may send nothing', () => stranger, THREE, 'wrong_issuer'],
    ['a token names its issuer', () => rsa, undefined, 'wrong_issuer'],
  ])('%s', async (_, key, iss, reason) => {
    await expectRefused(await logoutToken(key(), { iss, sub }), reason, functions);
  });
});

test('the line says who and what, and holds no token, name or session', async () => {
  const { session } = await begin('s-s-s-s-s-s');
  const token = await logoutToken(rsa, { sub, sid: 's-s-s-s-s-s' });
  expect(await send(token)).toBe(200);
  const [line, ...others] = log.outcomes();
  expect(others).toEqual([]);
  expect(line).toMatchObject({
    ...{ message: 'logout.ended', by: 'identity-provider', issuer: PROVIDER, scope: 'one' },
    ...{ route: `POST ${BACKCHANNEL_PATH}`, sub_hash: expect.stringMatching(/^[0-9a-f]{16}$/) },
  });
  const text = log.lines().join('\n');
  for (const secret of [token, ...token.split('.'), sub, session.jti, 's-s-s-s-s-s'])
    expect(text).not.toContain(secret);
  expect(text).toContain('ended.identity-provider');
});
