import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { decodeProtectedHeader } from 'jose';
import { handler as logout } from '../../../handlers/logout.ts';
import { handler as me } from '../../../handlers/me.ts';
import { issueSession, newSession, signSession } from '../../../lib/login/issue.ts';
import { findSession } from '../../../lib/sessions/sessions.ts';
import { type Issuer, verifyToken } from '../../../lib/tokens/verify.ts';
import { eventV2 } from '../../support/events.ts';
import { invoke } from '../../support/lambda.ts';
import { useLog } from '../../support/log.ts';
import { useProxiedStore } from '../../support/proxied-store.ts';
import { putRow } from '../../support/session-rows.ts';
import { issueTestSession, signRaw, TEST_SECRET, testSigner } from '../../support/signing.ts';
import { issuerOf } from '../../support/verifier.ts';

const store = useProxiedStore();

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

function verifier(checks: Partial<Issuer> = {}): Issuer {
  return { ...issuerOf({ JWT_SECRET: TEST_SECRET }), ...checks };
}

describe('issuing a session', () => {
  test('writes the row that the token refers to', async () => {
    const nowMs = Date.now();
    const { token, session } = await issueSession(
      store.proxied,
      testSigner,
      {
        sub: 'alice',
        ttlSeconds: 60,
        claims: { name: 'Alice' },
        userAgent: 'Mozilla/5.0',
        ip: '192.0.2.1',
      },
      nowMs,
    );
    expect(session).toEqual({
      sub: 'alice',
      jti: expect.stringMatching(UUID),
      sid: session.jti,
      auth_time: nowMs,
      expires_at: Math.floor(nowMs / 1_000) + 60,
      user_agent: 'Mozilla/5.0',
      ip: '192.0.2.1',
    });
    expect(await findSession(store.direct, session)).toEqual(session);
    expect(await verifyToken(token, [verifier()])).toMatchObject({
      status: 'verified',
      session: { sub: 'alice', jti: session.jti },
      claims: {
        name: 'Alice',
        sub: 'alice',
        jti: session.jti,
        iat: Math.floor(nowMs / 1_000),
        exp: session.expires_at,
      },
    });
    expect(decodeProtectedHeader(token)).toEqual({ alg: 'HS256', typ: 'JWT' });
  });

  test('reads the cutoff, then puts a row that is not there yet', async () => {
    await issueTestSession(store.proxied);
    expect(store.proxy.requests()).toMatchObject([
      { operation: 'BatchGetItem' },
      { operation: 'PutItem', body: { ConditionExpression: 'attribute_not_exists(jti)' } },
    ]);
  });

  test('makes every session another one', async () => {
    const issued = await Promise.all(
      Array.from({ length: 10 }, () => issueTestSession(store.proxied)),
    );
    expect(new Set(issued.map(({ session }) => session.jti)).size).toBe(10);
    expect(new Set(issued.map(({ token }) => token)).size).toBe(10);
  });

  test('signs no token for a jti that is taken', async () => {
    const jti = randomUUID();
    const { session } = await issueTestSession(store.proxied, { jti });
    const again = issueSession(
      store.proxied,
      testSigner,
      { sub: 'alice', ttlSeconds: 60, jti },
      session.auth_time + 1,
    );
    await expect(again).rejects.toThrow('exists already');
    expect(await findSession(store.direct, session)).toEqual(session);
  });

  test('signs no token for a row that could not be written', async () => {
    await store.proxy.fault('access-denied');
    await expect(issueTestSession(store.proxied)).rejects.toMatchObject({
      name: 'StoreError',
      cause: { name: 'AccessDeniedException' },
    });
  });

  test.each([
    ['a life with a fraction of a second', { ttlSeconds: 0.5 }],
    ['a life without end', { ttlSeconds: Number.POSITIVE_INFINITY }],
    ['a subject that can be no key', { sub: '' }],
    ['a jti that can be no key', { jti: '#cutoff' }],
  ])('refuses %s, and writes nothing', async (_, request) => {
    await expect(issueTestSession(store.proxied, request)).rejects.toThrow(TypeError);
    expect(store.proxy.requests()).toEqual([]);
  });
});

describe('the claims of a token', () => {
  test('can’t be made to speak of another session', async () => {
    const { token, session } = await issueTestSession(store.proxied, {
      claims: { sub: 'mallory', jti: 'other', exp: 4_000_000_000, iat: 1, name: 'Alice' },
    });
    expect(await verifyToken(token, [verifier()])).toMatchObject({
      status: 'verified',
      session: { sub: 'alice', jti: session.jti },
      claims: {
        exp: session.expires_at,
        iat: Math.floor(session.auth_time / 1_000),
        name: 'Alice',
      },
    });
  });

  test('name the issuer, the audience and the key of the signer, whatever the caller’s claims say', async () => {
    const signer = { ...testSigner, kid: 'key-1', issuer: 'https://a.example', audience: 'api' };
    const session = newSession({ sub: 'alice', ttlSeconds: 60 }, Date.now());
    const token = await signSession(signer, session, { iss: 'https://b.example', aud: 'other' });
    expect(decodeProtectedHeader(token)).toEqual({ alg: 'HS256', typ: 'JWT', kid: 'key-1' });
    const checks = { issuer: 'https://a.example', audience: ['api'] };
    expect(await verifyToken(token, [verifier(checks)])).toMatchObject({ status: 'verified' });
  });

  test.each([
    ['EdDSA', generateKeyPairSync('ed25519')],
    ['ES256', generateKeyPairSync('ec', { namedCurve: 'P-256' })],
    ['RS256', generateKeyPairSync('rsa', { modulusLength: 2_048 })],
  ] as const)('are signed by a private key as well (%s)', async (algorithm, pair) => {
    const text = pair.publicKey.export({ type: 'spki', format: 'pem' }).toString();
    const { keys } = issuerOf({ JWT_PUBLIC_KEY: text, JWT_ALGORITHMS: algorithm });
    const session = newSession({ sub: 'alice', ttlSeconds: 60 }, Date.now());
    const token = await signSession({ key: pair.privateKey, algorithm }, session);
    expect(await verifyToken(token, [verifier({ keys })])).toMatchObject({
      status: 'verified',
      session: { sub: 'alice', jti: session.jti },
    });
  });
});

describe('a login service in another language', () => {
  useLog();

  test('needs one PutItem and one signature', async () => {
    const jti = randomUUID();
    const nowMs = Date.now();
    const exp = Math.floor(nowMs / 1_000) + 3_600;
    await putRow(store.direct, 'alice', jti, {
      sid: { S: jti },
      auth_time: { N: `${nowMs}` },
      expires_at: { N: `${exp}` },
    });
    const token = signRaw({ typ: 'JWT', alg: 'HS256' }, { sub: 'alice', jti, exp });

    const headers = { Authorization: `Bearer ${token}` };
    const whoAmI = () => invoke(me, eventV2({ method: 'GET', path: '/api/v1/auth/me', headers }));
    const before = await whoAmI();
    expect(before.statusCode).toBe(200);
    expect(JSON.parse(before.body)).toEqual({
      sub: 'alice',
      session: {
        id: Buffer.from(jti).toString('base64url'),
        auth_time: new Date(nowMs).toISOString(),
        expires_at: new Date(exp * 1_000).toISOString(),
      },
    });
    expect(await invoke(logout, eventV2({ headers }))).toMatchObject({ statusCode: 200 });
    expect(await whoAmI()).toMatchObject({ statusCode: 401 });
  });
});
