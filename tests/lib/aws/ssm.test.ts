import { afterAll, afterEach, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import { SECRET_MAX_AGE_SECONDS } from '../../../lib/aws/ssm.ts';
import { describeError } from '../../../lib/observability/describe-error.ts';
import { redactor } from '../../../lib/observability/redact.ts';
import { configuredSecrets } from '../../../lib/observability/settings.ts';
import { freezeDate } from '../../support/clock.ts';
import { type FakeSsm, type SsmFault, startFakeSsm } from '../../support/fake-ssm.ts';

const NAME = '/service/dev/jwt-secret';
const VALUE = 'Zq3vX9mT7rB5wC8yP1sL6nD4hF0jG2kA';

let ssm: FakeSsm;
let readSecretParameter: typeof import('../../../lib/aws/ssm.ts').readSecretParameter;

beforeAll(async () => {
  ssm = await startFakeSsm();
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_SSM: ssm.endpoint,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  });
});
beforeEach(async () => {
  // Today's date: the SDK takes a difference to the server's for a wrong clock, and asks again.
  freezeDate(Date.now());
  ssm.parameters.set(NAME, VALUE);
  ssm.fault = undefined;
  ssm.requests.length = 0;
  jest.resetModules(); // the cache lives as long as the module
  ({ readSecretParameter } = await import('../../../lib/aws/ssm.ts'));
});
afterEach(() => {
  jest.useRealTimers();
});
afterAll(() => ssm.close());

const later = (seconds: number) => jest.setSystemTime(Date.now() + seconds * 1_000);

test('asks SSM for the decrypted value, by its name', async () => {
  expect(await readSecretParameter(NAME)).toBe(VALUE);
  expect(ssm.requests).toEqual([
    { target: 'AmazonSSM.GetParameter', Name: NAME, WithDecryption: true },
  ]);
});

test('asks once for many tokens, and again when the value may have been rotated', async () => {
  for (let i = 0; i < 5; i += 1) await readSecretParameter(NAME);
  ssm.parameters.set(NAME, 'rotated');
  later(SECRET_MAX_AGE_SECONDS);
  expect(await readSecretParameter(NAME)).toBe(VALUE);
  expect(ssm.requests).toHaveLength(1);
  later(1);
  expect(await readSecretParameter(NAME)).toBe('rotated');
  expect(ssm.requests).toHaveLength(2);
});

test('an answer without a value is a fault, and the next token asks again', async () => {
  ssm.parameters.set(NAME, '');
  await expect(readSecretParameter(NAME)).rejects.toMatchObject({
    name: 'SecretParameterError',
    cause: expect.objectContaining({ message: 'SSM’s answer does not hold a value' }),
  });
  ssm.parameters.set(NAME, VALUE);
  expect(await readSecretParameter(NAME)).toBe(VALUE);
});

test('tokens that come at once wait for one answer, and share its failure', async () => {
  const together = () => Promise.allSettled([1, 2, 3].map(() => readSecretParameter(NAME)));
  ssm.fault = 'AccessDeniedException';
  for (const { status } of await together()) expect(status).toBe('rejected');
  expect(ssm.requests).toHaveLength(1);
  ssm.fault = undefined;
  for (const outcome of await together()) expect(outcome).toMatchObject({ value: VALUE });
  expect(ssm.requests).toHaveLength(2);
});

test('another name is another question', async () => {
  await readSecretParameter(NAME);
  ssm.parameters.set('/another', 'another value');
  expect(await readSecretParameter('/another')).toBe('another value');
  expect(await readSecretParameter(NAME)).toBe(VALUE);
});

const faults: [SsmFault, number, object][] = [
  ['ParameterNotFound', 1, { name: 'ParameterNotFound' }],
  ['AccessDeniedException', 1, { name: 'AccessDeniedException' }],
  ['ThrottlingException', 2, { name: 'ThrottlingException' }],
  ['reset', 2, { message: expect.stringMatching(/ECONNRESET|socket hang up/) }],
];

test.each(faults)(
  '%s is a fault, after %i requests, and the next token asks again',
  async (fault, requests, cause) => {
    ssm.fault = fault;
    await expect(readSecretParameter(NAME)).rejects.toMatchObject({
      name: 'SecretParameterError',
      message: 'The secret that JWT_SECRET_PARAMETER names could not be read from SSM',
      cause: expect.objectContaining(cause),
    });
    expect(ssm.requests).toHaveLength(requests);
    ssm.fault = undefined;
    expect(await readSecretParameter(NAME)).toBe(VALUE);
  },
);

test.each([
  ['hang', 2],
  ['stall', 1],
] as const)(
  'a request that may %s is given up after %i attempts, for all of which there is one limit',
  async (fault, attempts) => {
    ssm.fault = fault;
    await expect(readSecretParameter(NAME)).rejects.toMatchObject({
      name: 'SecretParameterError',
      cause: expect.objectContaining({ message: 'No answer within 2000 ms' }),
    });
    expect(ssm.requests).toHaveLength(attempts);
  },
);

test('a value that has grown too old is not used on while SSM is in trouble', async () => {
  await readSecretParameter(NAME);
  ssm.fault = 'AccessDeniedException';
  later(SECRET_MAX_AGE_SECONDS + 1);
  await expect(readSecretParameter(NAME)).rejects.toThrow(/could not be read from SSM$/);
});

test('no log line quotes the name, where the secret itself may have been put', async () => {
  const redact = redactor(undefined, configuredSecrets({ JWT_SECRET_PARAMETER: VALUE }));
  const quoted: boolean[] = [];
  for (const fault of ['ParameterNotFound', 'AccessDeniedException', 'reset'] as const) {
    ssm.fault = fault;
    const error: unknown = await readSecretParameter(VALUE).catch((thrown: unknown) => thrown);
    quoted.push(describeError(error, (text) => text).trace.includes(VALUE));
    expect(JSON.stringify(describeError(error, redact))).not.toContain(VALUE);
  }
  expect(quoted).toEqual([true, true, false]); // by SSM, in its own words
});
