import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { eventV2 } from '../../support/events.ts';
import { type FakeSsm, startFakeSsm } from '../../support/fake-ssm.ts';
import { loadFunctions } from '../../support/functions.ts';
import { invoke } from '../../support/lambda.ts';
import { useLog } from '../../support/log.ts';
import { basic, CLIENT, clientsOf, oauthRequest, type TestClient } from '../../support/oauth.ts';
import { TEST_SECRET } from '../../support/signing.ts';

const PARAMETER = '/true-logout/test/oauth-clients';
const NEXT = { ...CLIENT, secret: 'the next secret' };
const OTHER = { id: 'other', secret: 'of another client' };

const log = useLog();
let ssm: FakeSsm;
let ask: (client: TestClient) => Promise<{ statusCode: number; body: string }>;
beforeAll(async () => {
  ssm = await startFakeSsm();
  process.env.AWS_ENDPOINT_URL_SSM = ssm.endpoint;
});
afterAll(async () => {
  delete process.env.AWS_ENDPOINT_URL_SSM;
  await ssm.close();
});
beforeEach(async () => {
  Object.assign(ssm, { fault: undefined });
  ssm.parameters.set(PARAMETER, clientsOf(CLIENT));
  ssm.requests.length = 0;
  const { introspect } = await loadFunctions({
    ...{ SESSIONS_TABLE: 'sessions', JWT_SECRET: TEST_SECRET, AWS_REGION: 'us-east-1' },
    ...{ AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' },
    OAUTH_CLIENTS_PARAMETER: PARAMETER,
  });
  ask = async (client) => {
    const event = eventV2(oauthRequest({ token: 'none' }, { Authorization: basic(client) }));
    const { statusCode, body } = await invoke(introspect, event);
    return { statusCode, body };
  };
});

/** Moves the clock, not the timers: requests go on. */
function at<Result>(ms: number, action: () => Promise<Result>): Promise<Result> {
  const now = Date.now() + ms;
  const clock = jest.spyOn(Date, 'now').mockImplementation(() => now);
  return action().finally(() => clock.mockRestore());
}

const statusAt = async (ms: number, client: TestClient) =>
  (await at(ms, () => ask(client))).statusCode;

test('clients are read from SSM, decrypted, once for many requests', async () => {
  for (const _ of [1, 2, 3]) expect((await ask(CLIENT)).statusCode).toBe(200);
  expect(ssm.requests).toEqual([
    { target: 'AmazonSSM.GetParameter', Name: PARAMETER, WithDecryption: true },
  ]);
});

describe('a secret that changes', () => {
  test('is taken within seconds, beside the old one and in its place', async () => {
    expect(await statusAt(0, CLIENT)).toBe(200);
    expect(await statusAt(0, NEXT)).toBe(401);
    ssm.parameters.set(PARAMETER, clientsOf(CLIENT, NEXT));
    expect(await statusAt(6_000, NEXT)).toBe(200);
    expect(await statusAt(6_000, CLIENT)).toBe(200);
    ssm.parameters.set(PARAMETER, clientsOf(NEXT));
    expect(await statusAt(310_000, CLIENT)).toBe(401);
    expect(await statusAt(310_000, NEXT)).toBe(200);
  });

  test('is refused after five minutes at most, also that of the last client', async () => {
    expect(await statusAt(0, CLIENT)).toBe(200);
    ssm.parameters.set(PARAMETER, '{}');
    expect(await statusAt(299_000, CLIENT)).toBe(200);
    expect(await statusAt(301_000, CLIENT)).toBe(401);
  });
});

test('a flood of wrong secrets reads the clients at most once in five seconds', async () => {
  for (const ms of [0, 1_000, 2_000, 6_000, 7_000, 8_000])
    expect(await statusAt(ms, OTHER)).toBe(401);
  expect(ssm.requests).toHaveLength(2);
});

describe('SSM down', () => {
  test('from the start is a 500, whoever asks', async () => {
    ssm.fault = 'AccessDeniedException';
    const { statusCode, body } = await ask(CLIENT);
    expect(statusCode).toBe(500);
    expect(body).toContain('SecretParameterError');
    expect(body).toContain('OAUTH_CLIENTS_PARAMETER');
    expect(body).not.toContain(PARAMETER);
  });

  test('later keeps known clients for an hour, and is a 500 for all others', async () => {
    expect(await statusAt(0, CLIENT)).toBe(200);
    ssm.fault = 'AccessDeniedException';
    expect(await statusAt(3_500_000, CLIENT)).toBe(200);
    expect(log.outcomes()).toContainEqual(expect.objectContaining({ message: 'keys.stale' }));
    expect(await statusAt(3_500_000, OTHER)).toBe(500);
    expect(await statusAt(3_601_000, CLIENT)).toBe(500);
  });
});

test.each([
  ['no JSON', 'gateway=secret'],
  ['a list', '[]'],
  ['a plain secret', JSON.stringify({ gateway: CLIENT.secret })],
  ['an upper-case hash', clientsOf(CLIENT).toUpperCase()],
  ['a hash too many', clientsOf(CLIENT, NEXT, OTHER, { ...CLIENT, secret: 'third' })],
  ['no hash', '{"gateway":""}'],
  ['no id', clientsOf({ ...CLIENT, id: '' })],
])('%s in the parameter is a 500 that quotes nothing of it', async (_, value) => {
  ssm.parameters.set(PARAMETER, value);
  const { statusCode, body } = await ask(CLIENT);
  expect(statusCode).toBe(500);
  expect(JSON.parse(body)).toMatchObject({
    error_type: 'ConfigurationError',
    error: expect.stringContaining('OAUTH_CLIENTS_PARAMETER'),
  });
  for (const text of value.match(/[\w-]{16,}/g) ?? [])
    expect(`${body}${log.lines().join('')}`).not.toContain(text);
});
