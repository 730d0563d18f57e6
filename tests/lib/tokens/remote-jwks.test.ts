import { afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { exportJWK } from 'jose';
import { FRESH_MS } from '../../../lib/shared/refresh.ts';
import { JWKS_MAX_BYTES, JwksUnavailableError } from '../../../lib/tokens/remote-jwks.ts';
import type { Issuer } from '../../../lib/tokens/verify.ts';
import { freezeDate } from '../../support/clock.ts';
import {
  type KeyServer,
  type KeyServerBehaviour,
  startKeyServer,
} from '../../support/jwks-server.ts';
import { type KeyPair, makeKeyPair, signWith } from '../../support/key-pairs.ts';
import { issuerOf, outcomeOf } from '../../support/verifier.ts';

const NOW_MS = 1_800_000_000_000;
const claims = { sub: 'alice', jti: 'j', exp: 4_102_444_800 };

let pair: KeyPair;
let next: KeyPair;
let server: KeyServer;
let verifier: Issuer;

beforeAll(async () => {
  pair = await makeKeyPair('ES256');
  next = await makeKeyPair('ES256');
});
beforeEach(async () => {
  freezeDate(NOW_MS);
  server = await startKeyServer([{ ...pair.jwk, kid: 'now' }]);
  verifier = issuerOf({ JWT_JWKS_URL: server.url });
});
afterEach(async () => {
  jest.useRealTimers();
  await server.close();
});

/** What becomes of a token that a key signed: a status, or why it is refused. */
async function outcome(signer: KeyPair, kid?: string): Promise<string> {
  const token = await signWith(signer, claims, kid === undefined ? {} : { kid });
  return outcomeOf(token, verifier);
}
const later = (ms: number) => jest.setSystemTime(Date.now() + ms);

describe('a JWKS endpoint in trouble', () => {
  const troubles: [string, KeyServerBehaviour, string][] = [
    ['answers 404', { status: 404 }, 'The JWKS endpoint answered 404'],
    ['answers 500', { status: 500 }, 'The JWKS endpoint answered 500'],
    ['answers 201', { status: 201 }, 'The JWKS endpoint answered 201'],
    ['answers 204', { status: 204 }, 'The JWKS endpoint answered 204'],
    ['redirects', 'redirect', 'The JWKS endpoint answered 302'],
    ['answers HTML', 'html', 'The JWKS is no JSON'],
    ['answers nothing', 'empty', 'The JWKS is no JSON'],
    ['answers another JSON', 'no-key-set', 'The JWKS has no "keys"; a JWKS is {"keys": [{...}]}'],
    ['never stops', 'endless', `The JWKS is larger than ${JWKS_MAX_BYTES} bytes`],
    [
      'answers a byte too much',
      { padTo: JWKS_MAX_BYTES + 1 },
      `The JWKS is larger than ${JWKS_MAX_BYTES} bytes`,
    ],
    ['resets connections', 'reset', 'read ECONNRESET'],
  ];

  test.each(troubles)('that %s is a fault, and recovers', async (_, behaviour, cause) => {
    server.behaviour = behaviour;
    await expect(outcome(pair, 'now')).rejects.toMatchObject({
      name: 'JwksUnavailableError',
      message: expect.stringContaining(`GET ${server.url} failed: ${cause}`),
    });
    // A redirect is not followed; a connection that breaks is tried once more.
    expect(server.requests).toBe(behaviour === 'reset' ? 2 : 1);
    server.behaviour = 'keys';
    later(FRESH_MS + 1);
    expect(await outcome(pair, 'now')).toBe('verified');
  });

  test('that refuses connections is a fault, and recovers', async () => {
    await server.listen(false);
    await expect(outcome(pair, 'now')).rejects.toThrow(JwksUnavailableError);
    await server.listen(true);
    later(FRESH_MS + 1);
    expect(await outcome(pair, 'now')).toBe('verified');
  });
});

describe('the key set', () => {
  test.each<[string, KeyServerBehaviour]>([
    ['be as large as the limit', { padTo: JWKS_MAX_BYTES }],
    ['begin with a byte order mark', 'byte-order-mark'],
  ])('may %s', async (_, behaviour) => {
    server.behaviour = behaviour;
    expect(await outcome(pair, 'now')).toBe('verified');
  });

  test('is read as a document is, but that secret and private keys are passed over', async () => {
    server.keys = [
      { kty: 'oct', k: 'AAAA', kid: 'secret', alg: 'HS256' },
      { ...(await exportJWK(next.privateKey)), kid: 'private' },
      { ...next.jwk, x: 'AA', kid: 'broken' },
      ...server.keys,
    ];
    expect(await outcome(pair, 'now')).toBe('verified');
    expect(await outcome(pair)).toBe('verified');
    for (const kid of ['secret', 'private', 'broken'])
      expect(await outcome(next, kid)).toBe('unknown_key');
  });

  test.each([
    ['without keys', () => [], /^The JWKS has no "keys"/],
    ['without a usable key', () => [{ ...next.jwk, x: 'AA' }], /^The JWKS holds a key that is no /],
  ] as const)(
    '%s is a fault: the issuer must have signed with something',
    async (_, keys, message) => {
      server.keys = keys();
      await expect(outcome(pair, 'now')).rejects.toMatchObject({
        name: 'JwksUnavailableError',
        cause: expect.objectContaining({ message: expect.stringMatching(message) }),
      });
    },
  );
});
