import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { authenticateClient } from '../../../lib/oauth/authenticate-client.ts';
import { readClients } from '../../../lib/oauth/clients.ts';
import { redactor } from '../../../lib/observability/redact.ts';
import { configuredSecrets } from '../../../lib/observability/settings.ts';
import { type FakeSsm, startFakeSsm } from '../../support/fake-ssm.ts';
import { useLog } from '../../support/log.ts';
import { basic, CLIENT, clientsOf, type TestClient } from '../../support/oauth.ts';

const PARAMETER = '/true-logout/test/oauth-clients';
const NEXT = { ...CLIENT, secret: 'the next secret' };
const OTHER = { id: 'other', secret: 'of another client' };

const log = useLog();
let ssm: FakeSsm;
/** Of a new process. */
let clients: NonNullable<ReturnType<typeof readClients>>;
beforeAll(async () => {
  ssm = await startFakeSsm();
  Object.assign(process.env, {
    ...{ AWS_ENDPOINT_URL_SSM: ssm.endpoint, AWS_REGION: 'us-east-1' },
    ...{ AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' },
  });
});
afterAll(async () => {
  delete process.env.AWS_ENDPOINT_URL_SSM;
  await ssm.close();
});
beforeEach(() => {
  ssm.fault = undefined;
  ssm.parameters.set(PARAMETER, clientsOf(CLIENT));
  ssm.requests.length = 0;
  const source = readClients({ OAUTH_CLIENTS_PARAMETER: PARAMETER });
  if (!source) throw new Error('There are no clients');
  clients = source;
});

/** What becomes of a client so many milliseconds later. Moves the clock, not the timers: requests go on. */
async function outcomeAt(ms: number, client: TestClient) {
  const now = Date.now() + ms;
  const clock = jest.spyOn(Date, 'now').mockImplementation(() => now);
  try {
    const refusal = await authenticateClient({ header: () => basic(client) }, {}, clients);
    return refusal ?? 'known';
  } catch (error) {
    return error;
  } finally {
    clock.mockRestore();
  }
}

const FAULT = {
  name: 'SecretParameterError',
  message: expect.stringContaining('OAUTH_CLIENTS_PARAMETER'),
};

test('clients are read from SSM, decrypted, once for many requests', async () => {
  for (const _ of [1, 2, 3]) expect(await outcomeAt(0, CLIENT)).toBe('known');
  expect(ssm.requests).toEqual([
    { target: 'AmazonSSM.GetParameter', Name: PARAMETER, WithDecryption: true },
  ]);
});

describe('a secret that changes', () => {
  test('is taken within seconds, beside the old one and in its place', async () => {
    expect(await outcomeAt(0, CLIENT)).toBe('known');
    expect(await outcomeAt(0, NEXT)).toBe('invalid_client');
    ssm.parameters.set(PARAMETER, clientsOf(CLIENT, NEXT));
    for (const client of [NEXT, CLIENT]) expect(await outcomeAt(6_000, client)).toBe('known');
    ssm.parameters.set(PARAMETER, clientsOf(NEXT));
    expect(await outcomeAt(310_000, CLIENT)).toBe('invalid_client');
    expect(await outcomeAt(310_000, NEXT)).toBe('known');
  });

  test('is refused after five minutes at most, also that of the last client', async () => {
    expect(await outcomeAt(0, CLIENT)).toBe('known');
    ssm.parameters.set(PARAMETER, '{}');
    expect(await outcomeAt(299_000, CLIENT)).toBe('known');
    expect(await outcomeAt(301_000, CLIENT)).toBe('invalid_client');
  });
});

test('a flood of wrong secrets reads the clients at most once in five seconds', async () => {
  for (const ms of [0, 1_000, 2_000, 6_000, 7_000, 8_000])
    expect(await outcomeAt(ms, OTHER)).toBe('invalid_client');
  expect(ssm.requests).toHaveLength(2);
});

describe('SSM down', () => {
  test('from the start is a fault, whoever asks, and the name is taken out of texts', async () => {
    ssm.fault = 'AccessDeniedException';
    const fault = await outcomeAt(0, CLIENT);
    expect(fault).toMatchObject(FAULT);
    const redact = redactor(undefined, configuredSecrets({ OAUTH_CLIENTS_PARAMETER: PARAMETER }));
    expect(redact(String(fault))).not.toContain(PARAMETER);
  });

  test('later keeps known clients for an hour, and is a fault for all others', async () => {
    expect(await outcomeAt(0, CLIENT)).toBe('known');
    ssm.fault = 'AccessDeniedException';
    expect(await outcomeAt(3_500_000, CLIENT)).toBe('known');
    expect(log.outcomes()).toContainEqual(expect.objectContaining({ message: 'keys.stale' }));
    expect(await outcomeAt(3_500_000, OTHER)).toMatchObject(FAULT);
    expect(await outcomeAt(3_601_000, CLIENT)).toMatchObject(FAULT);
  });
});

// tests/lib/oauth/clients.test.ts has every wrong value.
test('a wrong value of the parameter is a fault that quotes nothing of it', async () => {
  ssm.parameters.set(PARAMETER, JSON.stringify({ gateway: CLIENT.secret }));
  const fault = await outcomeAt(0, CLIENT);
  expect(fault).toMatchObject({
    ...{ name: 'ConfigurationError', message: expect.stringMatching(/^OAUTH_CLIENTS_PARAMETER/) },
  });
  expect(String(fault)).not.toContain(CLIENT.secret);
});
