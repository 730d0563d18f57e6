import { BatchWriteCommand } from '@aws-sdk/lib-dynamodb';
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  jest,
  test,
} from '@jest/globals';
import { revokeMany } from '../../lib/sessions/revoke-many.ts';
import { timeouts } from '../../lib/shared/timeouts.ts';
import { type AuthorizerForm, authorizerForms } from '../support/authorizer-events.ts';
import { expectAuthorizerFailure } from '../support/authorizer-failure.ts';
import { type FaultName, tlsFaultEndpoint, UNRESOLVABLE_ENDPOINT } from '../support/fault-proxy.ts';
import { configureFunction, lambdaContext } from '../support/lambda.ts';
import { type CapturedLog, captureLog } from '../support/log.ts';
import { issueTestSession, TEST_SECRET } from '../support/signing.ts';
import { openWiredStore, type WiredStore } from '../support/wired-store.ts';

let store: WiredStore;
let log: CapturedLog;
let handler: Awaited<ReturnType<typeof startFunction>>;

beforeAll(async () => {
  store = await openWiredStore();
  configureFunction(store.direct);
  handler = await startFunction();
});
afterAll(() => store.close());
beforeEach(async () => {
  await store.wire.clear();
  log = captureLog();
});
afterEach(() => log.stop());

/** The function as a new Lambda process has it: with a configuration and a client of its own. */
async function startFunction() {
  jest.resetModules();
  return (await import('../../handlers/authorizer.ts')).handler;
}

const [simple, , , rest] = authorizerForms;
if (!simple || !rest) throw new Error('no forms to test with');

/** Asks with a live token; fails if Lambda would have ended the function before it answered. */
async function ask(token: string, { event }: AuthorizerForm, remainingMs?: number) {
  const context = lambdaContext(remainingMs);
  try {
    return await handler(event(`Bearer ${token}`) as never, context);
  } finally {
    expect(context.getRemainingTimeInMillis()).toBeGreaterThan(0);
  }
}

async function expectFailure(form: AuthorizerForm, remainingMs?: number) {
  const { token } = await issueTestSession(store.direct);
  const secrets = [...token.split('.'), TEST_SECRET];
  return expectAuthorizerFailure(ask(token, form, remainingMs), log, secrets);
}

// First, as the SDK keeps a budget of retries, which lasting faults use up.
describe('a fault that passes', () => {
  test.each<[FaultName, number]>([
    ['reset', 2],
    ['throttle', 2],
    ['internal-error', 2],
    ['cut-off', 1],
    ['hang', 1],
    ['unprocessed-keys', 3],
    ['unprocessed-first-key', 2],
    ['unprocessed-last-key', 2],
  ])('%s, %i times: a live token is let in', async (fault, times) => {
    const { token, session } = await issueTestSession(store.direct);
    await store.wire.fault(fault, { times });
    expect(await ask(token, simple)).toEqual(
      simple.allowed({ sub: session.sub, jti: session.jti }),
    );
    expect(store.wire.requests()).toHaveLength(times + 1);
  });

  test.each<FaultName>(['unprocessed-keys', 'unprocessed-first-key', 'unprocessed-last-key'])(
    '%s: a token that was logged out everywhere stays out',
    async (fault) => {
      const { token, session } = await issueTestSession(store.direct, { sub: `user of ${fault}` });
      await revokeMany(store.direct, { session: session, cutoff: undefined }, 'everywhere');
      await store.wire.fault(fault, { times: 1 });
      await expect(ask(token, simple)).rejects.toThrow(/^Unauthorized$/);
      expect(store.wire.requests()).toHaveLength(2);
    },
  );
});

describe('a function that is running out of time', () => {
  test('fails before Lambda ends it', async () => {
    await store.wire.fault('hang');
    const { error_type } = await expectFailure(simple, timeouts.earlyAnswerMs + 300);
    expect(error_type).toBe('FunctionTimeoutError');
  });
});

const BROKEN = /ECONNREFUSED|ECONNRESET|EPIPE|socket hang up/;

describe('a fault that lasts is an error under an id, never "allow"', () => {
  test.each<[FaultName | 'refused', RegExp]>([
    ['refused', BROKEN],
    ['reset', BROKEN],
    ['hang', /TimeoutError.* requestTimeout/],
    ['stall', /TimeoutError.* of inactivity/],
    ['cut-off', /aborted/],
    ['throttle', /^ProvisionedThroughputExceededException: /],
    ['internal-error', /^InternalServerError: /],
    ['unavailable', /^ServiceUnavailable: /],
    ['access-denied', /^AccessDeniedException: /],
    ['missing-table', /^ResourceNotFoundException: /],
    ['html', /^SyntaxError: /],
    ['truncated-json', /^SyntaxError: /],
    ['unprocessed-keys', /^UnprocessedKeysError: /],
    ['unprocessed-first-key', /^UnprocessedKeysError: /],
    ['unprocessed-last-key', /^UnprocessedKeysError: /],
  ])('%s', async (fault, pattern) => {
    await store.wire.fault(fault);
    const { error_type, error, request_id } = await expectFailure(simple);
    expect(`${error_type}: ${error}`).toMatch(pattern);
    expect(request_id).toBe('lambda-request');
  });

  test.each(authorizerForms)('for $name', async (form) => {
    await store.wire.fault('access-denied');
    const { error_type } = await expectFailure(form);
    expect(error_type).toBe('AccessDeniedException');
  });

  test('slower than every attempt may be', async () => {
    await store.wire.fault('slow', { ms: timeouts.attemptMs + 300 });
    await expectFailure(rest);
  });

  test('an empty answer, which says nothing of the rows that were asked for', async () => {
    await store.wire.fault('empty-answer');
    const { error } = await expectFailure(simple);
    expect(error).toContain('does not hold any rows');
  });

  test.each([
    ['its name does not resolve', () => UNRESOLVABLE_ENDPOINT],
    ['it does not speak TLS', () => tlsFaultEndpoint(store.wire.endpoint)],
  ])('a store that can’t be found: %s', async (_, endpoint) => {
    const before = handler;
    process.env.AWS_ENDPOINT_URL_DYNAMODB = endpoint();
    handler = await startFunction();
    try {
      await expectFailure(rest);
    } finally {
      process.env.AWS_ENDPOINT_URL_DYNAMODB = store.wire.endpoint;
      handler = before;
    }
  });
});

describe('rows that can’t be read are an error, never "allow"', () => {
  test.each<[string, Record<string, unknown>]>([
    ['a session without an auth_time', { auth_time: undefined }],
    ['a session whose life has no end', { expires_at: undefined }],
    ['an end of life in words', { expires_at: 'tomorrow' }],
    ['a cutoff that is no time', { cutoff: { revoked_before: 'yesterday' } }],
  ])('%s', async (name, { cutoff, ...changes }) => {
    const { token, session } = await issueTestSession(store.direct, { sub: `user with ${name}` });
    const rows = [
      { ...session, ...changes },
      ...(cutoff ? [{ ...Object(cutoff), sub: session.sub, jti: '#cutoff' }] : []),
    ];
    await store.direct.client.send(
      new BatchWriteCommand({
        RequestItems: {
          [store.direct.table]: rows.map((row) => ({
            PutRequest: { Item: JSON.parse(JSON.stringify(row)) },
          })),
        },
      }),
    );
    await expectAuthorizerFailure(ask(token, rest), log, token.split('.'));
  });
});

describe('a wrong configuration is an error that names the variable in the log alone', () => {
  test.each<[string, Record<string, string>]>([
    ['SESSIONS_TABLE', { SESSIONS_TABLE: '' }],
    ['JWT_SECRET', { JWT_SECRET: 'too-short-but-secret' }],
    ['JWT_ALGORITHMS', { JWT_ALGORITHMS: 'HS256 none' }],
    ['JWT_PUBLIC_KEY', { JWT_PUBLIC_KEY: '{"keys":[]}' }],
  ])('%s', async (variable, changes) => {
    const [before, environment] = [handler, { ...process.env }];
    Object.assign(process.env, changes);
    try {
      handler = await startFunction();
      for (const form of authorizerForms) {
        const { error } = await expectFailure(form);
        expect(error).toContain(variable);
        expect(error).not.toContain('too-short-but-secret');
        log.clear();
      }
      expect(store.wire.requests()).toEqual([]);
    } finally {
      process.env = environment;
      handler = before;
    }
  });
});
