import { afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { FRESH_MS } from '../../lib/tokens/key-set.ts';
import { JWKS_MAX_AGE_MS, STALE_MAX_AGE_MS } from '../../lib/tokens/key-source.ts';
import { freezeDate } from '../support/clock.ts';
import { eventV2 } from '../support/events.ts';
import { type FakeSsm, startFakeSsm } from '../support/fake-ssm.ts';
import { type KeyServer, startKeyServer } from '../support/jwks-server.ts';
import { type KeyPair, makeKeyPair, signWith } from '../support/key-pairs.ts';
import { invoke } from '../support/lambda.ts';
import { LOGGED_OUT, openRange, type Range, UNAUTHORIZED } from '../support/range.ts';
import { issueTestSession, signRaw } from '../support/signing.ts';

/**
 * A key that can't be had is no reason to call a token wrong: logout must not claim success, nor may
 * me say 401. Both answer with the 500 payload, and recover.
 */
let range: Range;
let others: (() => Promise<void>)[] = [];

afterEach(async () => {
  jest.useRealTimers();
  await range.close();
  for (const close of others) await close();
  others = [];
});

const later = (ms: number) => jest.setSystemTime(Date.now() + ms);

async function answers(token: string) {
  const headers = { authorization: `Bearer ${token}` };
  await range.proxy.clear();
  return [
    await invoke(range.functions.logout, eventV2({ headers })),
    await invoke(range.functions.me, eventV2({ method: 'GET', headers })),
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
  expect(range.proxy.requests()).toEqual([]);
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
    range = await openRange({ JWT_JWKS_URL: server.url });
    others.push(() => server.close());
    freezeDate(Date.now());
  }

  test('down: 500 for live and forged tokens alike; 200 again when it is back', async () => {
    await deploy();
    await server.listen(false);
    const live = await signWith(pair, range.claims, { kid: 'k' });
    const forged = await signWith(await makeKeyPair('ES256'), range.claims, { kid: 'k' });
    for (const token of [live, forged]) await expectFault(token, 'JwksUnavailableError', MESSAGE);

    await server.listen(true);
    later(FRESH_MS + 1);
    await range.expectHarmless(forged, 'bad_signature');
    await range.expectEntry(live);
  });

  test('down: what needs no key is answered as ever', async () => {
    await deploy();
    await server.listen(false);
    await range.expectHarmless('garbage', 'malformed');
    await range.expectHarmless(
      signRaw({ alg: 'HS256', kid: 'k' }, range.claims),
      'algorithm_not_allowed',
    );
    expect(await invoke(range.functions.logout, eventV2())).toMatchObject({ statusCode: 403 });
  });

  test('down, but read before: known keys go on, and an unknown one is a fault', async () => {
    await deploy();
    const live = await signWith(pair, range.claims, { kid: 'k' });
    await range.expectEntry(live);
    await server.listen(false);
    await range.expectEntry(live);
    later(FRESH_MS + 1);
    const unknown = await signWith(await makeKeyPair('ES256'), range.claims, { kid: 'new' });
    const forged = await signWith(await makeKeyPair('ES256'), range.claims, { kid: 'k' });
    for (const token of [unknown, forged])
      await expectFault(token, 'JwksUnavailableError', MESSAGE);
    await range.expectEntry(live);
  });

  test('down for an hour: known keys go on as long, each failed refresh is counted and logged', async () => {
    await deploy();
    const live = await signWith(pair, range.claims, { kid: 'k' });
    await range.expectEntry(live);
    await server.listen(false);
    later(JWKS_MAX_AGE_MS + 1);
    range.log.clear();
    await range.expectEntry(live);
    expect(range.log.outcomes()).toEqual([
      expect.objectContaining({
        message: 'keys.stale',
        level: 'WARN',
        error_type: 'JwksUnavailableError',
        error: MESSAGE,
        trace: expect.stringContaining('ECONNREFUSED'),
      }),
    ]);
    expect(range.log.lines().join('\n')).toContain('"keys.stale":1');
    later(STALE_MAX_AGE_MS - JWKS_MAX_AGE_MS);
    await expectFault(live, 'JwksUnavailableError', MESSAGE);
  });

  test('with a new key a moment ago: logout ends the session of a token that it signed', async () => {
    await deploy();
    const next = await makeKeyPair('ES256');
    const { session } = await issueTestSession(range.store, { sub: 'rotated' });
    const claims = { sub: session.sub, jti: session.jti, exp: session.expires_at };
    const headers = {
      authorization: `Bearer ${await signWith(next, claims, { kid: 'next' })}`,
    };
    // Both functions have read the keys of before.
    await range.expectEntry(await signWith(pair, range.claims, { kid: 'k' }));
    await range.expectHarmless(await signWith(next, range.claims, { kid: 'k' }), 'bad_signature');
    server.keys = [...server.keys, { ...next.jwk, kid: 'next' }];
    later(FRESH_MS + 1);
    const me = () => invoke(range.functions.me, eventV2({ method: 'GET', headers }));
    expect(await me()).toMatchObject({ statusCode: 200 });
    expect(await invoke(range.functions.logout, eventV2({ headers }))).toEqual(LOGGED_OUT);
    expect(await me()).toEqual(UNAUTHORIZED);
  });
});

describe('JWT_SECRET_PARAMETER', () => {
  const MESSAGE = 'The secret that JWT_SECRET_PARAMETER names could not be read from SSM';
  const NAME = '/service/dev/jwt-secret';
  const SECRET = 'Zq3vX9mT7rB5wC8yP1sL6nD4hF0jG2kA';
  const OLD_SECRET = 'Zq3vX9mT7rB5wC8yP1sL6nD4hF0jG2kB';
  let ssm: FakeSsm;

  async function deploy() {
    ssm = await startFakeSsm();
    ssm.parameters.set(NAME, `${SECRET} ${OLD_SECRET}`);
    process.env.AWS_ENDPOINT_URL_SSM = ssm.endpoint;
    range = await openRange({ JWT_SECRET_PARAMETER: NAME });
    others.push(() => ssm.close());
    freezeDate(Date.now());
  }
  const signed = (secret: string) => signRaw({ alg: 'HS256' }, range.claims, secret);

  test('verifies with each of its secrets, and asks SSM once', async () => {
    await deploy();
    for (const secret of [SECRET, OLD_SECRET]) await range.expectEntry(signed(secret));
    await range.expectHarmless(signed('another-secret-of-32-bytes-or-more'), 'bad_signature');
    expect(ssm.requests).toHaveLength(1);
  });

  test.each(['ParameterNotFound', 'AccessDeniedException', 'reset'] as const)(
    '%s: 500 for live and forged tokens alike; 200 again when it is over',
    async (fault) => {
      await deploy();
      ssm.fault = fault;
      for (const token of [signed(SECRET), signed('forged')])
        await expectFault(token, 'SecretParameterError', MESSAGE);
      ssm.fault = undefined;
      later(FRESH_MS + 1);
      await range.expectEntry(signed(SECRET));
    },
  );

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

test('a wrong configuration is the 500 payload as well, for every request', async () => {
  range = await openRange({ JWT_SECRET: 'short' });
  const message =
    'JWT_SECRET holds a secret of 5 bytes, where at least 32 are needed; make one with: openssl rand -base64 48';
  for (const token of [signRaw({ alg: 'HS256' }, range.claims), signRaw({ alg: 'none' }, {})])
    await expectFault(token, 'ConfigurationError', message);
});
