import { generateKeyPairSync } from 'node:crypto';
import { afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { exportJWK } from 'jose';
import {
  JwksUnavailableError,
  KEY_SET_COOLDOWN_MS,
  KEY_SET_MAX_AGE_MS,
  KEY_SET_MAX_BYTES,
  KEY_SET_RETRY_MS,
} from '../../../lib/tokens/remote-jwks.ts';
import { type Verifier, verifyToken } from '../../../lib/tokens/verify.ts';
import { freezeDate } from '../../support/clock.ts';
import {
  type KeyServer,
  type KeyServerBehaviour,
  startKeyServer,
} from '../../support/jwks-server.ts';
import { type KeyPair, makeKeyPair, signWith } from '../../support/key-pairs.ts';
import { outcomeOf, verifierOf } from '../../support/verifier.ts';

const NOW_MS = 1_800_000_000_000;
const claims = { sub: 'alice', jti: 'j', exp: 4_102_444_800 };

let pair: KeyPair;
let next: KeyPair;
let server: KeyServer;
let verifier: Verifier;

beforeAll(async () => {
  pair = await makeKeyPair('ES256');
  next = await makeKeyPair('ES256');
});
beforeEach(async () => {
  freezeDate(NOW_MS);
  server = await startKeyServer([{ ...pair.jwk, kid: 'now' }]);
  verifier = verifierOf({ JWT_JWKS_URL: server.url });
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

describe('the cache', () => {
  test('fetches nothing before the first token, and once for many', async () => {
    expect(server.requests).toBe(0);
    for (let i = 0; i < 5; i += 1) expect(await outcome(pair, 'now')).toBe('verified');
    expect(server.requests).toBe(1);
  });

  test('fetches once for many tokens at the same time', async () => {
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => outcome(pair, 'now')));
    expect(new Set(outcomes)).toEqual(new Set(['verified']));
    expect(server.requests).toBe(1);
  });

  test('is used until its greatest age, and then fetched anew', async () => {
    await outcome(pair, 'now');
    later(KEY_SET_MAX_AGE_MS - 1);
    expect(await outcome(pair, 'now')).toBe('verified');
    expect(server.requests).toBe(1);
    later(1);
    expect(await outcome(pair, 'now')).toBe('verified');
    expect(server.requests).toBe(2);
  });

  test('lets go of a withdrawn key when it is fetched anew', async () => {
    expect(await outcome(pair, 'now')).toBe('verified');
    server.keys = [{ ...next.jwk, kid: 'next' }];
    later(KEY_SET_MAX_AGE_MS);
    expect(await outcome(pair, 'now')).toBe('unknown_key');
    expect(await outcome(next, 'next')).toBe('verified');
  });
});

describe('an unknown kid', () => {
  test('causes no fetch during the cool-down, however often it comes', async () => {
    await outcome(pair, 'now');
    later(KEY_SET_COOLDOWN_MS - 1);
    for (const kid of ['a', 'b', 'c', 'a']) expect(await outcome(next, kid)).toBe('unknown_key');
    expect(server.requests).toBe(1);
  });

  test('causes one fetch after it, and the next cool-down', async () => {
    await outcome(pair, 'now');
    later(KEY_SET_COOLDOWN_MS);
    for (const kid of ['a', 'b', 'c', 'a']) expect(await outcome(next, kid)).toBe('unknown_key');
    expect(server.requests).toBe(2);
    later(KEY_SET_COOLDOWN_MS - 1);
    expect(await outcome(next, 'a')).toBe('unknown_key');
    expect(server.requests).toBe(2);
  });

  test('is found in the new key set where the issuer has rotated', async () => {
    await outcome(pair, 'now');
    server.keys = [...server.keys, { ...next.jwk, kid: 'next' }];
    later(KEY_SET_COOLDOWN_MS);
    expect(await outcome(next, 'next')).toBe('verified');
    expect(await outcome(pair, 'now')).toBe('verified');
    expect(server.requests).toBe(2);
  });

  test('is a fault while the JWKS endpoint is down; tokens of known keys go on', async () => {
    await outcome(pair, 'now');
    await server.listen(false);
    later(KEY_SET_COOLDOWN_MS);
    await expect(outcome(next, 'next')).rejects.toThrow(JwksUnavailableError);
    expect(await outcome(pair, 'now')).toBe('verified');
  });
});

describe('a JWKS endpoint in trouble', () => {
  const troubles: [string, KeyServerBehaviour, string][] = [
    ['answers 404', { status: 404 }, 'The JWKS endpoint answered 404'],
    ['answers 500', { status: 500 }, 'The JWKS endpoint answered 500'],
    ['answers 201', { status: 201 }, 'The JWKS endpoint answered 201'],
    ['answers 204', { status: 204 }, 'The JWKS endpoint answered 204'],
    ['redirects', 'redirect', 'The JWKS endpoint answered 302'],
    ['answers HTML', 'html', 'Failed to parse the JSON Web Key Set HTTP response as JSON'],
    ['answers nothing', 'empty', 'Failed to parse the JSON Web Key Set HTTP response as JSON'],
    ['answers another JSON', 'no-key-set', 'JSON Web Key Set malformed'],
    ['never stops', 'endless', `The key set is larger than ${KEY_SET_MAX_BYTES} bytes`],
    [
      'answers a byte too much',
      { padTo: KEY_SET_MAX_BYTES + 1 },
      `The key set is larger than ${KEY_SET_MAX_BYTES} bytes`,
    ],
    ['resets connections', 'reset', 'fetch failed'],
  ];

  test.each(troubles)('that %s is a fault, and recovers', async (_, behaviour, cause) => {
    server.behaviour = behaviour;
    await expect(outcome(pair, 'now')).rejects.toMatchObject({
      name: 'JwksUnavailableError',
      message: 'The key set at JWT_JWKS_URL could not be read',
      cause: expect.objectContaining({ message: cause }),
    });
    // A redirect is not followed; a connection that breaks is tried once more.
    expect(server.requests).toBe(behaviour === 'reset' ? 2 : 1);
    server.behaviour = 'keys';
    later(KEY_SET_RETRY_MS);
    expect(await outcome(pair, 'now')).toBe('verified');
  });

  test.each(['hang', 'stall'] as const)('that lets a request %s is given up', async (behaviour) => {
    server.behaviour = behaviour;
    await expect(outcome(pair, 'now')).rejects.toThrow(JwksUnavailableError);
    expect(server.requests).toBe(1);
  });

  test('that refuses connections is a fault, and recovers', async () => {
    await server.listen(false);
    await expect(outcome(pair, 'now')).rejects.toThrow(JwksUnavailableError);
    await server.listen(true);
    later(KEY_SET_RETRY_MS);
    expect(await outcome(pair, 'now')).toBe('verified');
  });

  test('is left alone for a moment, and every token is a fault so long', async () => {
    server.behaviour = { status: 503 };
    await expect(outcome(pair, 'now')).rejects.toThrow(JwksUnavailableError);
    later(KEY_SET_RETRY_MS - 1);
    for (const kid of ['now', 'a', 'b', undefined])
      await expect(outcome(pair, kid)).rejects.toThrow(JwksUnavailableError);
    expect(server.requests).toBe(1);
    later(1);
    await expect(outcome(pair, 'now')).rejects.toThrow(JwksUnavailableError);
    expect(server.requests).toBe(2);
  });

  test('when the cache has grown too old is a fault: withdrawn keys are not used on', async () => {
    await outcome(pair, 'now');
    server.behaviour = { status: 500 };
    later(KEY_SET_MAX_AGE_MS);
    await expect(outcome(pair, 'now')).rejects.toThrow(JwksUnavailableError);
  });

  test('costs tokens nothing that are refused before a key is needed', async () => {
    server.behaviour = { status: 500 };
    expect((await verifyToken('garbage', verifier)).status).toBe('refused');
    expect(server.requests).toBe(0);
  });
});

describe('the key set', () => {
  test('may be as large as the limit', async () => {
    server.behaviour = { padTo: KEY_SET_MAX_BYTES };
    expect(await outcome(pair, 'now')).toBe('verified');
  });

  test('without keys is a fault: the issuer must have signed with something', async () => {
    server.keys = [];
    await expect(outcome(pair, 'now')).rejects.toMatchObject({
      name: 'JwksUnavailableError',
      cause: expect.objectContaining({ message: 'The key set is empty' }),
    });
    server.keys = [{ ...pair.jwk, kid: 'now' }];
    later(KEY_SET_COOLDOWN_MS);
    expect(await outcome(pair, 'now')).toBe('verified');
  });

  test('without kids verifies tokens without one', async () => {
    server.keys = [next.jwk, pair.jwk];
    expect(await outcome(pair)).toBe('verified');
    expect(await outcome(await makeKeyPair('ES256'))).toBe('bad_signature');
  });

  test('has no key in it that is too short to be safe', async () => {
    const keys = generateKeyPairSync('rsa', { modulusLength: 1_024 });
    const weak = { ...(await exportJWK(keys.publicKey)), kid: 'weak' };
    server.keys = [...server.keys, weak];
    const forged = `${Buffer.from('{"alg":"RS256","kid":"weak"}').toString('base64url')}.e30.AAAA`;
    expect(await verifyToken(forged, verifier)).toEqual({
      status: 'refused',
      reason: 'unknown_key',
    });
    expect(await outcome(pair, 'now')).toBe('verified');
  });

  test('has no symmetric key in it, whatever a token says', async () => {
    server.keys = [...server.keys, { kty: 'oct', k: 'AAAA', kid: 'secret', alg: 'HS256' }];
    expect(await outcome(pair, 'secret')).toBe('unknown_key');
  });

  test('with a broken key serves the others; a token that names it is a fault', async () => {
    server.keys = [{ ...next.jwk, x: 'AA', kid: 'broken' }, ...server.keys];
    expect(await outcome(pair, 'now')).toBe('verified');
    expect(await outcome(pair)).toBe('verified');
    await expect(outcome(next, 'broken')).rejects.toThrow(JwksUnavailableError);
  });
});
