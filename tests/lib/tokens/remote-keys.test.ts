import { afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { SECRET_MAX_AGE_MS } from '../../../lib/aws/ssm.ts';
import { FRESH_MS, STALE_MAX_AGE_MS } from '../../../lib/shared/refresh.ts';
import { JWKS_MAX_AGE_MS } from '../../../lib/tokens/key-source.ts';
import type { Issuer } from '../../../lib/tokens/verify.ts';
import { freezeDate } from '../../support/clock.ts';
import { startFakeSsm } from '../../support/fake-ssm.ts';
import { startKeyServer } from '../../support/jwks-server.ts';
import { type KeyPair, makeKeyPair, signWith } from '../../support/key-pairs.ts';
import { signRaw } from '../../support/signing.ts';
import { issuerOf, outcomeOf } from '../../support/verifier.ts';

/**
 * Keys from a remote source: how long they verify, when they refuse, and how often the source is asked.
 * The same rules for the issuer's JWKS and for a secret in SSM, over real HTTP.
 */

const claims = { sub: 'alice', jti: 'j', exp: 4_102_444_800 };

type KeyName = 'old' | 'new' | 'foreign';

/** A source of keys that can rotate and fail. */
interface Source {
  readonly variables: Readonly<Record<string, string>>;
  readonly errorName: string;
  /** Why a token of a key that is not published is refused. */
  readonly reason: string;
  token(by: KeyName): Promise<string>;
  publish(...names: KeyName[]): void;
  fail(on: boolean): void;
  fetches(): number;
  close(): Promise<void>;
}

let pairs: Readonly<Record<KeyName, KeyPair>>;
beforeAll(async () => {
  const [old, fresh, foreign] = await Promise.all([1, 2, 3].map(() => makeKeyPair('ES256')));
  if (old && fresh && foreign) pairs = { old, new: fresh, foreign };
});

/** @param withKids whether keys and tokens have a `kid` */
async function startJwks(withKids: boolean): Promise<Source> {
  const kid = (name: KeyName) => (withKids ? { kid: name } : {});
  const server = await startKeyServer();
  return {
    variables: { JWT_JWKS_URL: server.url },
    errorName: 'JwksUnavailableError',
    reason: withKids ? 'unknown_key' : 'bad_signature',
    token: (by) => signWith(pairs[by], claims, kid(by)),
    publish: (...names) => {
      server.keys = names.map((name) => ({ ...pairs[name].jwk, ...kid(name) }));
    },
    fail: (on) => {
      server.behaviour = on ? { status: 503 } : 'keys';
    },
    fetches: () => server.requests,
    close: () => server.close(),
  };
}

async function startSsm(): Promise<Source> {
  const ssm = await startFakeSsm();
  const secretOf = (name: KeyName) => `Zq3vX9mT7rB5wC8yP1sL6nD4hF0jG2kA-${name}`;
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_SSM: ssm.endpoint,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'a',
    AWS_SECRET_ACCESS_KEY: 'b',
  });
  return {
    variables: { JWT_SECRET_PARAMETER: '/jwt-secret' },
    errorName: 'SecretParameterError',
    reason: 'bad_signature',
    token: async (by) => signRaw({ alg: 'HS256' }, claims, secretOf(by)),
    publish: (...names) => {
      ssm.parameters.set('/jwt-secret', names.map(secretOf).join(' '));
    },
    fail: (on) => {
      ssm.fault = on ? 'AccessDeniedException' : undefined;
    },
    fetches: () => ssm.requests.length,
    close: () => ssm.close(),
  };
}

describe.each([
  ['the issuer’s JWKS', () => startJwks(true), JWKS_MAX_AGE_MS],
  ['the issuer’s JWKS, without kids', () => startJwks(false), JWKS_MAX_AGE_MS],
  ['a secret in SSM', startSsm, SECRET_MAX_AGE_MS],
] as const)('keys out of %s', (_, start, maxAgeMs) => {
  let source: Source;
  let freshVerifier: () => Issuer;
  let verifier: Issuer;
  let stale: unknown[];

  beforeEach(async () => {
    source = await start();
    source.publish('old');
    stale = [];
    jest.resetModules(); // the SSM client remembers its endpoint
    const { issuerOf: freshIssuerOf } = await import('../../support/verifier.ts');
    freshVerifier = () => freshIssuerOf(source.variables, (error) => stale.push(error));
    verifier = freshVerifier();
    freezeDate(Date.now());
  });
  afterEach(async () => {
    jest.useRealTimers();
    await source.close();
  });

  const later = (ms: number) => jest.setSystemTime(Date.now() + ms);
  const outcome = async (by: KeyName) => outcomeOf(await source.token(by), verifier);
  const expectFault = (by: KeyName) =>
    expect(outcome(by)).rejects.toMatchObject({ name: source.errorName });
  /** Twenty tokens at the same time. */
  const expectAll = async (by: KeyName, expected: string) => {
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => outcome(by)));
    expect(new Set(outcomes)).toEqual(new Set([expected]));
  };

  test('are fetched for the first token, and once for many, also after a rotation', async () => {
    expect(source.fetches()).toBe(0);
    await expectAll('old', 'verified');
    expect(source.fetches()).toBe(1);
    source.publish('new');
    later(FRESH_MS + 1);
    await expectAll('new', 'verified');
    expect(source.fetches()).toBe(2);
  });

  test('are used until their greatest age, and then fetched anew', async () => {
    await outcome('old');
    source.publish('new');
    later(maxAgeMs);
    expect(await outcome('old')).toBe('verified');
    expect(source.fetches()).toBe(1);
    later(1);
    expect(await outcome('old')).toBe(source.reason);
    expect(await outcome('new')).toBe('verified');
    expect(source.fetches()).toBe(2);
  });

  test('are fetched at most once in 5 s for a flood of forged tokens', async () => {
    await expectAll('foreign', source.reason);
    expect(source.fetches()).toBe(1);
    for (const fetches of [2, 3, 4]) {
      later(FRESH_MS);
      await expectAll('foreign', source.reason);
      expect(source.fetches()).toBe(fetches - 1);
      later(1);
      await expectAll('foreign', source.reason);
      expect(source.fetches()).toBe(fetches);
    }
  });

  describe('while the source is down', () => {
    test('go on verifying for an hour after their fetch, and no longer', async () => {
      await outcome('old');
      source.fail(true);
      later(maxAgeMs);
      expect(await outcome('old')).toBe('verified');
      expect(stale).toHaveLength(0);
      later(1);
      for (let i = 0; i < 5; i += 1) expect(await outcome('old')).toBe('verified');
      expect(stale).toEqual([expect.objectContaining({ name: source.errorName })]);
      later(STALE_MAX_AGE_MS - maxAgeMs - 1);
      expect(await outcome('old')).toBe('verified');
      expect(stale).toHaveLength(2);
      later(1);
      await expectFault('old');
      expect(stale).toHaveLength(2);
    });

    test('are asked for once in 5 s, by many tokens, and the failure is shared', async () => {
      source.fail(true);
      await Promise.all(Array.from({ length: 10 }, () => expectFault('old')));
      later(FRESH_MS);
      for (const by of ['old', 'new', 'foreign'] as const) await expectFault(by);
      expect(source.fetches()).toBe(1);
      later(1);
      await expectFault('old');
      expect(source.fetches()).toBe(2);
    });
  });

  /** The oracle knows the fetches alone: their times, and the keys that each brought. */
  test('no order of rotations, outages and pauses gives a wrong verdict', async () => {
    const names: readonly KeyName[] = ['old', 'new', 'foreign'];
    const present = fc.record({ present: fc.constantFrom(...names) });
    const step = fc.oneof(
      fc.record({ publish: fc.subarray([...names], { minLength: 1 }) }),
      fc.record({ fail: fc.boolean() }),
      fc.record({
        waitMs: fc.constantFrom(1, FRESH_MS - 1, FRESH_MS, FRESH_MS + 1, maxAgeMs, 3_000_000),
      }),
      ...[present, present],
    );
    let verdicts = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
        verifier = freshVerifier();
        let published: readonly KeyName[] = ['old'];
        let isDown = false;
        source.publish(...published);
        source.fail(isDown);
        let latest: { readonly atMs: number; readonly keys: readonly KeyName[] } | undefined;
        let lastFetchMs = Number.NEGATIVE_INFINITY;
        for (const each of steps) {
          if ('publish' in each) {
            published = each.publish;
            source.publish(...published);
          } else if ('fail' in each) {
            isDown = each.fail;
            source.fail(isDown);
          } else if ('waitMs' in each) {
            later(each.waitMs);
          } else {
            const before = source.fetches();
            const verdict = await outcome(each.present).catch(() => 'fault');
            const now = Date.now();
            const fetched = source.fetches() - before;
            // At most one fetch in 5 s.
            expect(fetched).toBeLessThanOrEqual(now - lastFetchMs > FRESH_MS ? 1 : 0);
            if (fetched === 1) {
              lastFetchMs = now;
              if (!isDown) latest = { atMs: now, keys: published };
            }
            const ageMs = latest ? now - latest.atMs : Number.POSITIVE_INFINITY;
            const known = latest?.keys.includes(each.present) ?? false;
            // Known keys verify for an hour; a refusal rests on keys of at most 5 s.
            const expected =
              known && ageMs <= STALE_MAX_AGE_MS
                ? 'verified'
                : !known && ageMs <= FRESH_MS
                  ? source.reason
                  : 'fault';
            expect(verdict).toBe(expected);
            verdicts += 1;
          }
        }
      }),
      { numRuns: 80 },
    );
    expect(verdicts).toBeGreaterThan(250);
  });
});

describe('a process that was frozen in the middle of a fetch', () => {
  test('neither waits for the old answer nor lets it replace a newer one', async () => {
    freezeDate(Date.now());
    const server = await startKeyServer([pairs.old.jwk]);
    try {
      const verifier = issuerOf({ JWT_JWKS_URL: server.url });
      const { promise, resolve: answer } = Promise.withResolvers<void>();
      server.behaviour = { after: promise };
      const outcome = async (by: KeyName) => outcomeOf(await signWith(pairs[by], claims), verifier);
      const interrupted = outcome('old');
      while (server.requests === 0) await new Promise(setImmediate);

      server.behaviour = 'keys';
      server.keys = [pairs.new.jwk];
      jest.setSystemTime(Date.now() + FRESH_MS + 1);
      expect(await outcome('new')).toBe('verified');
      answer();
      // The keys of back then verify a token of back then; nobody else gets them.
      expect(await interrupted).toBe('verified');
      expect(await outcome('old')).toBe('bad_signature');
      expect(await outcome('new')).toBe('verified');
      expect(server.requests).toBe(2);
    } finally {
      jest.useRealTimers();
      await server.close();
    }
  });
});
