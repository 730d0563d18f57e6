import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { JWKS_MAX_AGE_MS } from '../../lib/tokens/key-source.ts';
import { type AttackHarness, openAttackHarness } from '../support/attacks.ts';
import { freezeDate } from '../support/clock.ts';
import { expectErrorPayload } from '../support/error-payload.ts';
import { eventV2 } from '../support/events.ts';
import { startFakeSsm } from '../support/fake-ssm.ts';
import { startKeyServer } from '../support/jwks-server.ts';
import { makeKeyPair, signWith } from '../support/key-pairs.ts';
import { invoke } from '../support/lambda.ts';
import { signRaw } from '../support/signing.ts';

/** Faults of keys that tests/handlers/fault-matrix.test.ts cannot say: hours later, or of the secret's text. */
let harness: AttackHarness;
let closeSource: () => Promise<void>;

afterEach(async () => {
  jest.useRealTimers();
  await harness.close();
  await closeSource();
});

test('keys that could not be fetched again go on, and each failed refresh is counted and logged', async () => {
  const pair = await makeKeyPair('ES256');
  const server = await startKeyServer([{ ...pair.jwk, kid: 'k' }]);
  closeSource = server.close;
  harness = await openAttackHarness({ JWT_JWKS_URL: server.url });
  freezeDate(Date.now());
  const live = await signWith(pair, harness.claims, { kid: 'k' });
  await harness.expectEntry(live);
  await server.listen(false);
  jest.setSystemTime(Date.now() + JWKS_MAX_AGE_MS + 1);
  harness.log.clear();
  await harness.expectEntry(live);
  expect(harness.log.outcomes()).toEqual([
    expect.objectContaining({
      message: 'keys.stale',
      level: 'WARN',
      error_type: 'JwksUnavailableError',
      error: expect.stringMatching(
        `^GET ${server.url} failed: connect ECONNREFUSED 127.0.0.1:\\d+$`,
      ),
      trace: expect.stringContaining('ECONNREFUSED'),
    }),
  ]);
  expect(harness.log.lines().join('\n')).toContain('"keys.stale":1');
});

describe('a secret in SSM', () => {
  const NAME = '/service/dev/jwt-secret';
  const MAKE_ONE = 'make one with: openssl rand -base64 48';

  test.each([
    [' ', `JWT_SECRET_PARAMETER holds no secret; ${MAKE_ONE}`],
    [
      'short',
      `JWT_SECRET_PARAMETER holds a secret of 5 bytes, where at least 32 are needed; ${MAKE_ONE}`,
    ],
  ])('that is weak (%j) is a configuration error, which names it', async (value, message) => {
    const ssm = await startFakeSsm();
    closeSource = ssm.close;
    ssm.parameters.set(NAME, value);
    process.env.AWS_ENDPOINT_URL_SSM = ssm.endpoint;
    harness = await openAttackHarness({ JWT_SECRET_PARAMETER: NAME });
    const token = signRaw({ alg: 'HS256' }, harness.claims, value);
    const request = { method: 'POST', path: '/api/v1/auth/logout' };
    const answer = await invoke(harness.functions.logout, eventV2({ ...request, token }));
    expect(expectErrorPayload(answer, harness.log, request)).toMatchObject({
      error: message,
      error_type: 'ConfigurationError',
    });
    expect(harness.proxy.requests()).toEqual([]);
  });
});
