import { randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { decodeProtectedHeader } from 'jose';
import { issueSession, newSession, signSession } from '../../../lib/login/issue.ts';
import { findSession } from '../../../lib/sessions/sessions.ts';
import { type Issuer, verifyToken } from '../../../lib/tokens/verify.ts';
import { makeKeyPair } from '../../support/key-pairs.ts';
import { useProxiedStore } from '../../support/proxied-store.ts';
import { issueTestSession, TEST_SECRET, testSigner } from '../../support/signing.ts';
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

  test('are signed by a private key as well', async () => {
    const { pem, ...pair } = await makeKeyPair('ES256');
    const { keys } = issuerOf({ JWT_PUBLIC_KEY: pem });
    const session = newSession({ sub: 'alice', ttlSeconds: 60 }, Date.now());
    const token = await signSession({ key: pair.privateKey, algorithm: 'ES256' }, session);
    expect(await verifyToken(token, [verifier({ keys })])).toMatchObject({
      status: 'verified',
      session: { sub: 'alice', jti: session.jti },
    });
  });
});
