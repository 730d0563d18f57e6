import { afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { FRESH_MS } from '../../lib/tokens/key-set.ts';
import { JWKS_MAX_AGE_MS, STALE_MAX_AGE_MS } from '../../lib/tokens/key-source.ts';
import {
  type AttackHarness,
  LOGGED_OUT,
  openAttackHarness,
  UNAUTHORIZED,
} from '../support/attacks.ts';
import { freezeDate } from '../support/clock.ts';
import { eventV2 } from '../support/events.ts';
import { type FakeSsm, startFakeSsm } from '../support/fake-ssm.ts';
import { type KeyServer, startKeyServer } from '../support/jwks-server.ts';
import { type KeyPair, makeKeyPair, signWith } from '../support/key-pairs.ts';
import { invoke } from '../support/lambda.ts';
import { issueTestSession, signRaw } from '../support/signing.ts';

/**
 * A key that can't be had is no reason to call a token wrong: logout must not claim success, nor may
 * me say 401. Both answer with the 500 payload, and recover.
 */
let harness: AttackHarness;
let others: (() => Promise<void>)[] = [];

afterEach(async () => {
  jest.useRealTimers();
  await harness.close();
  for (const close of others) await close();
  others = [];
});

const later = (ms: number) => jest.setSystemTime(Date.now() + ms);

async function answers(token: string) {
  const headers = { authorization: `Bearer ${token}` };
  await harness.proxy.clear();
  return [
    await invoke(harness.functions.logout, eventV2({ headers })),
    await invoke(harness.functions.me, eventV2({ method: 'GET', headers })),
  ];
}

/** Requires that both endpoints answer a token with the 500 payload about this error, without a store call. */
async function expectFault(token: string, type: string, message: string) {
  for (const response of await answers(token)) {
    expect(response.statusCode).toBe(500);
    const body = JSON.parse(response.body);
    expect(body).toMatchObject({
      detail: 'Internal Server Error',
      error: message,
      error_type: type,
      error_id: response.headers['X-Error-ID'],
    });
    expect(response.body).not.toContain(token.slice(token.lastIndexOf('.') + 1));
  }
  expect(harness.proxy.requests()).toEqual([]);
}

describe('JWT_JWKS_URL', () => {
  const MESSAGE = 'The key set at JWT_JWKS_URL could not be read';
  let pair: KeyPair;
  let server: KeyServer;

  beforeAll(async () => {
    pair = await makeKeyPair('ES256');
  });

  async function deploy() {
    server = await startKeyServer([{ ...pair.jwk, kid: 'k' }]);
    harness = await openAttackHarness({ JWT_JWKS_URL: server.url });
    others.push(() => server.close());
    freezeDate(Date.now());
  }

  test('down: 500 for live and forged tokens alike; 200 again when it is back', async () => {
    await deploy();
    await server.listen(false);
    const live = await signWith(pair, harness.claims, { kid: 'k' });
    const forged = await signWith(await makeKeyPair('ES256'), harness.claims, { kid: 'k' });
    for (const token of [live, forged]) await expectFault(token, 'JwksUnavailableError', MESSAGE);

    await server.listen(true);
    later(FRESH_MS + 1);
    await harness.expectHarmless(forged, 'bad_signature');
    await harness.expectEntry(live);
  });

  test('down for an hour: known keys go on as long, each failed refresh is counted and logged', async () => {
    await deploy();
    const live = await signWith(pair, harness.claims, { kid: 'k' });
    await harness.expectEntry(live);
    await server.listen(false);
    later(JWKS_MAX_AGE_MS + 1);
    harness.log.clear();
    await harness.expectEntry(live);
    expect(harness.log.outcomes()).toEqual([
      expect.objectContaining({
        message: 'keys.stale',
        level: 'WARN',
        error_type: 'JwksUnavailableError',
        error: MESSAGE,
        trace: expect.stringContaining('ECONNREFUSED'),
      }),
    ]);
    expect(harness.log.lines().join('\n')).toContain('"keys.stale":1');
    later(STALE_MAX_AGE_MS - JWKS_MAX_AGE_MS);
    await expectFault(live, 'JwksUnavailableError', MESSAGE);
  });

  test('with a new key a moment ago: logout ends the session of a token that it signed', async () => {
    await deploy();
    const next = await makeKeyPair('ES256');
    const { session } = await issueTestSession(harness.store, { sub: 'rotated' });
    const claims = { sub: session.sub, jti: session.jti, exp: session.expires_at };
    const headers = {
      authorization: `Bearer ${await signWith(next, claims, { kid: 'next' })}`,
    };
    // Both functions have read the keys of before.
    await harness.expectEntry(await signWith(pair, harness.claims, { kid: 'k' }));
    await harness.expectHarmless(
      await signWith(next, harness.claims, { kid: 'k' }),
      'bad_signature',
    );
    server.keys = [...server.keys, { ...next.jwk, kid: 'next' }];
    later(FRESH_MS + 1);
    const me = () => invoke(harness.functions.me, eventV2({ method: 'GET', headers }));
    expect(await me()).toMatchObject({ statusCode: 200 });
    expect(await invoke(harness.functions.logout, eventV2({ headers }))).toEqual(LOGGED_OUT);
    expect(await me()).toEqual(UNAUTHORIZED);
  });
});

describe('JWT_SECRET_PARAMETER', () => {
  const NAME = '/service/dev/jwt-secret';
  const SECRET = 'Zq3vX9mT7rB5wC8yP1sL6nD4hF0jG2kA';
  const OLD_SECRET = 'Zq3vX9mT7rB5wC8yP1sL6nD4hF0jG2kB';
  let ssm: FakeSsm;

  async function deploy() {
    ssm = await startFakeSsm();
    ssm.parameters.set(NAME, `${SECRET} ${OLD_SECRET}`);
    process.env.AWS_ENDPOINT_URL_SSM = ssm.endpoint;
    harness = await openAttackHarness({ JWT_SECRET_PARAMETER: NAME });
    others.push(() => ssm.close());
    freezeDate(Date.now());
  }
  const signed = (secret: string) => signRaw({ alg: 'HS256' }, harness.claims, secret);

  test.each([
    [' ', 'JWT_SECRET_PARAMETER holds no secret; make one with: openssl rand -base64 48'],
    [
      'short',
      'JWT_SECRET_PARAMETER holds a secret of 5 bytes, where at least 32 are needed; make one with: openssl rand -base64 48',
    ],
  ])('with a weak value (%j) is a configuration error, which names it', async (value, message) => {
    await deploy();
    ssm.parameters.set(NAME, value);
    await expectFault(signed(value), 'ConfigurationError', message);
  });
});
