import { createHmac } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import type { Environment } from '../../../lib/shared/environment.ts';
import { makeKeyPair, signWith } from '../../support/key-pairs.ts';
import { encode, signRaw } from '../../support/signing.ts';
import { issuerOf, outcomeOf } from '../../support/verifier.ts';

const keysOf = (variables: Environment) => issuerOf(variables).keys;

const claims = { sub: 'alice', jti: 'j', exp: 4_102_444_800 };

const outcome = (token: string, variables: Environment) => outcomeOf(token, issuerOf(variables));

describe('secrets', () => {
  const [first, second, third, fourth] = ['A', 'B', 'C', 'D'].map(
    (letter) => `Zq3vX9mT7rB5wC8yP1sL6nD4hF0jG2k${letter}`,
  ) as [string, string, string, string];
  const signedBy = (secret: string) => signRaw({ alg: 'HS256' }, claims, secret);

  test('each of several verifies, so that tokens outlive a rotation', async () => {
    const rotating = { JWT_SECRET: `${first} ${second}\n${third}\t${fourth}` };
    for (const secret of [first, second, third, fourth])
      expect(await outcome(signedBy(secret), rotating)).toBe('verified');
  });

  test('one that is gone verifies no more, and a foreign one never did', async () => {
    expect(await outcome(signedBy(first), { JWT_SECRET: second })).toBe('bad_signature');
    expect(await outcome(signedBy(third), { JWT_SECRET: `${first} ${second}` })).toBe(
      'bad_signature',
    );
    expect(
      await outcome(signedBy(`${first} ${second}`), { JWT_SECRET: `${first} ${second}` }),
    ).toBe('bad_signature');
  });

  test.each([
    ['HS256', 'sha256'],
    ['HS384', 'sha384'],
    ['HS512', 'sha512'],
  ])('verify %s where it is on the allowlist', async (alg, hash) => {
    const input = `${encode({ alg })}.${encode(claims)}`;
    const token = `${input}.${createHmac(hash, first).update(input).digest('base64url')}`;
    for (const allowed of ['HS256', 'HS384', 'HS512', 'HS512 HS384 HS256'])
      expect(await outcome(token, { JWT_SECRET: first, JWT_ALGORITHMS: allowed })).toBe(
        allowed.includes(alg) ? 'verified' : 'algorithm_not_allowed',
      );
  });
});

test.each([
  ['RS256', 'RS256 RS384 RS512 PS256 PS384 PS512'],
  ['ES256', 'ES256'],
  ['ES384', 'ES384'],
  ['ES512', 'ES512'],
  ['EdDSA', 'EdDSA Ed25519'],
])('a public key for %s verifies %s and no other, as a PEM and in a JWKS', async (kind, names) => {
  const pair = await makeKeyPair(kind);
  const algorithms = names.split(' ');
  for (const JWT_PUBLIC_KEY of [pair.pem, JSON.stringify({ keys: [pair.jwk] })]) {
    expect(keysOf({ JWT_PUBLIC_KEY }).algorithms).toEqual(algorithms);
    for (const algorithm of algorithms) {
      const token = await signWith({ ...pair, algorithm }, claims);
      expect(await outcome(token, { JWT_PUBLIC_KEY })).toBe('verified');
    }
  }
});

test('an allowlist that a key can’t serve is refused, naming what it can', async () => {
  const { pem } = await makeKeyPair('ES256');
  expect(() => keysOf({ JWT_PUBLIC_KEY: pem, JWT_ALGORITHMS: 'ES256 RS256' })).toThrow(
    'JWT_ALGORITHMS names RS256, which the configured key cannot verify; it can ES256',
  );
});

test('an HMAC algorithm is refused for any public key, wherever it comes from', async () => {
  const { pem } = await makeKeyPair('ES256');
  for (const source of [{ JWT_PUBLIC_KEY: pem }, { JWT_JWKS_URL: 'https://issuer.example/jwks' }])
    expect(() => keysOf({ ...source, JWT_ALGORITHMS: 'HS256' })).toThrow(
      /^JWT_ALGORITHMS names HS256, which the configured key cannot verify; it can /,
    );
});

test('a key set’s URL allows every public-key algorithm until the allowlist narrows it', () => {
  const JWT_JWKS_URL = 'https://issuer.example/jwks';
  expect(keysOf({ JWT_JWKS_URL }).algorithms).toHaveLength(11);
  expect(keysOf({ JWT_JWKS_URL, JWT_ALGORITHMS: 'RS256,PS256' }).algorithms).toEqual([
    'RS256',
    'PS256',
  ]);
});
