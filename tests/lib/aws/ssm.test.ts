import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { readSecretParameter } from '../../../lib/aws/ssm.ts';
import { describeError } from '../../../lib/observability/describe-error.ts';
import { redactor } from '../../../lib/observability/redact.ts';
import { configuredSecrets } from '../../../lib/observability/settings.ts';
import { type FakeSsm, type SsmFault, startFakeSsm } from '../../support/fake-ssm.ts';

const NAME = '/service/dev/jwt-secret';
const REQUEST = 'SSM GetParameter of the name in JWT_SECRET_PARAMETER failed: ';
const VALUE = 'Zq3vX9mT7rB5wC8yP1sL6nD4hF0jG2kA';

let ssm: FakeSsm;

beforeAll(async () => {
  ssm = await startFakeSsm();
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_SSM: ssm.endpoint,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  });
});
beforeEach(() => {
  ssm.parameters.set(NAME, VALUE);
  ssm.fault = undefined;
  ssm.requests.length = 0;
});
afterAll(() => ssm.close());

test('asks SSM for the decrypted value, by its name', async () => {
  expect(await readSecretParameter(NAME)).toBe(VALUE);
  expect(ssm.requests).toEqual([
    { target: 'AmazonSSM.GetParameter', Name: NAME, WithDecryption: true },
  ]);
});

test('an answer without a value is a fault', async () => {
  ssm.parameters.set(NAME, '');
  await expect(readSecretParameter(NAME)).rejects.toMatchObject({
    name: 'SecretParameterError',
    message: `${REQUEST}SSM’s answer does not hold a value`,
  });
  ssm.parameters.set(NAME, VALUE);
  expect(await readSecretParameter(NAME)).toBe(VALUE);
});

const faults: [SsmFault, number, object][] = [
  ['ParameterNotFound', 1, { name: 'ParameterNotFound' }],
  ['AccessDeniedException', 1, { name: 'AccessDeniedException' }],
  ['ThrottlingException', 2, { name: 'ThrottlingException' }],
  ['reset', 2, { message: expect.stringMatching(/ECONNRESET|socket hang up/) }],
];

test.each(faults)('%s is a fault, after %i requests', async (fault, requests, cause) => {
  ssm.fault = fault;
  await expect(readSecretParameter(NAME)).rejects.toMatchObject({
    name: 'SecretParameterError',
    message: expect.stringContaining(REQUEST),
    cause: expect.objectContaining(cause),
  });
  expect(ssm.requests).toHaveLength(requests);
  ssm.fault = undefined;
  expect(await readSecretParameter(NAME)).toBe(VALUE);
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
