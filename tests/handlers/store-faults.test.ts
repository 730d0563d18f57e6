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
import type { HttpResponse } from '../../lib/http/response.ts';
import type { Session } from '../../lib/sessions/session.ts';
import { findSession } from '../../lib/sessions/sessions.ts';
import { timeouts } from '../../lib/shared/timeouts.ts';
import {
  type FaultName,
  type FaultOptions,
  tlsFaultEndpoint,
  UNRESOLVABLE_ENDPOINT,
} from '../../support/fault-proxy.ts';
import { expectErrorPayload } from '../support/error-payload.ts';
import { eventV2 } from '../support/events.ts';
import { configureFunction, lambdaContext } from '../support/lambda.ts';
import { type CapturedLog, captureLog } from '../support/log.ts';
import { issueTestSession } from '../support/signing.ts';
import { openWiredStore, type WiredStore } from '../support/wired-store.ts';

const LOGOUT = { method: 'POST', path: '/api/v1/auth/logout' };
const ME = { method: 'GET', path: '/api/v1/auth/me' };

let store: WiredStore;
let log: CapturedLog;
let handlers: Awaited<ReturnType<typeof startFunctions>>;

beforeAll(async () => {
  store = await openWiredStore();
  configureFunction(store.direct);
  handlers = await startFunctions();
});
afterAll(() => store.close());
beforeEach(async () => {
  await store.wire.clear();
  log = captureLog();
});
afterEach(() => log.stop());

/** Both functions, each with a client of its own, as new Lambda processes have. */
async function startFunctions() {
  jest.resetModules();
  const { handler: logout } = await import('../../handlers/logout.ts');
  const { handler: me } = await import('../../handlers/me.ts');
  return { logout, me };
}

/** A live session, whose row was written around the wire. */
async function begin() {
  const { token, session } = await issueTestSession(store.direct);
  return { session, headers: { Authorization: `Bearer ${token}` } };
}

/** Calls a function, and sees to it that Lambda would not have ended it before it answered. */
async function answerInTime(
  handler: typeof handlers.logout,
  request: Parameters<typeof eventV2>[0],
  remainingMs: number = timeouts.functionMs,
): Promise<HttpResponse> {
  const context = lambdaContext(remainingMs);
  const response = await handler(eventV2(request), context);
  expect(context.getRemainingTimeInMillis()).toBeGreaterThan(0);
  return response;
}

const isAlive = async (session: Session) => (await findSession(store.direct, session)) !== null;

function expectLoggedOut(response: HttpResponse): void {
  expect(response).toEqual({
    statusCode: 200,
    headers: { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' },
    body: '{"message":"Successfully logged out"}',
  });
}

// First, as the SDK keeps a budget of retries, which lasting faults use up.
describe('a fault that passes', () => {
  test.each<[FaultName, number]>([
    ['reset', 2],
    ['reset-after-effect', 1],
    ['reset-after-effect', 2],
    ['cut-off', 1],
    ['stall', 1],
    ['throttle', 2],
    ['internal-error', 2],
    ['internal-error-after-effect', 1],
    ['unavailable', 2],
    ['hang', 1],
    ['hang-after-effect', 1],
  ])('%s, %i times: logout succeeds and the session is gone', async (fault, times) => {
    const { session, headers } = await begin();
    await store.wire.fault(fault, { times });
    expectLoggedOut(await answerInTime(handlers.logout, { ...LOGOUT, headers }));
    expect(await isAlive(session)).toBe(false);
    expect(store.wire.requests()).toHaveLength(times + 1);
  });

  test('the same token logs out once the store is back', async () => {
    const { session, headers } = await begin();
    await store.wire.fault('refused');
    const failed = await answerInTime(handlers.logout, { ...LOGOUT, headers });
    expectErrorPayload(failed, log, LOGOUT);
    expect(await isAlive(session)).toBe(true);
    await store.wire.clear();
    expectLoggedOut(await answerInTime(handlers.logout, { ...LOGOUT, headers }));
    expect(await isAlive(session)).toBe(false);
  });
});

// Not last, as the SDK is still at its attempts when the function has answered.
describe('a function that is running out of time', () => {
  test('answers 500 before Lambda ends it', async () => {
    const { session, headers } = await begin();
    await store.wire.fault('hang');
    const remainingMs = timeouts.earlyAnswerMs + 300;
    const response = await answerInTime(handlers.logout, { ...LOGOUT, headers }, remainingMs);
    const { error_type } = expectErrorPayload(response, log, LOGOUT);
    expect(error_type).toBe('FunctionTimeoutError');
    expect(await isAlive(session)).toBe(true);
  });

  test('answers 500 even when its time is as good as over', async () => {
    const { headers } = await begin();
    await store.wire.fault('hang');
    const response = await answerInTime(handlers.me, { ...ME, headers }, timeouts.earlyAnswerMs);
    expectErrorPayload(response, log, ME);
  });
});

/** Which of these depends on what the client was doing with a pooled connection when it broke. */
const BROKEN = /ECONNREFUSED|ECONNRESET|EPIPE|socket hang up/;

/** A fault for ever; what the payload says of it; whether the session outlives a logout that met it. */
const LASTING: [FaultName | 'refused', RegExp, boolean][] = [
  ['refused', BROKEN, true],
  ['reset', BROKEN, true],
  ['reset-after-effect', BROKEN, false],
  ['hang', /TimeoutError.* requestTimeout/, true],
  ['hang-after-effect', /TimeoutError.* requestTimeout/, false],
  ['stall', /TimeoutError.* of inactivity/, false],
  ['cut-off', /aborted/, false],
  ['throttle', /^ProvisionedThroughputExceededException: /, true],
  ['internal-error', /^InternalServerError: /, true],
  ['internal-error-after-effect', /^InternalServerError: /, false],
  ['unavailable', /^ServiceUnavailable: /, true],
  ['access-denied', /^AccessDeniedException: .* is not authorized to perform/, true],
  ['missing-table', /^ResourceNotFoundException: /, true],
  ['html', /^SyntaxError: /, true],
  ['truncated-json', /^SyntaxError: /, false],
];

describe('a fault that lasts', () => {
  test.each(LASTING)('%s: logout answers 500, and never a false success', async (...row) => {
    const [fault, pattern, alive] = row;
    const { session, headers } = await begin();
    await store.wire.fault(fault);
    const response = await answerInTime(handlers.logout, { ...LOGOUT, headers });
    const { error_type, error } = expectErrorPayload(response, log, LOGOUT);
    expect(`${error_type}: ${error}`).toMatch(pattern);
    expect(await isAlive(session)).toBe(alive);
  });

  test('a success that the store knows nothing of: logout answers 500', async () => {
    const { session, headers } = await begin();
    await store.wire.fault('empty-answer');
    const response = await answerInTime(handlers.logout, { ...LOGOUT, headers });
    expectErrorPayload(response, log, LOGOUT);
    expect(await isAlive(session)).toBe(true);
  });

  test.each(LASTING)('%s: a protected endpoint answers 500, never 200', async (fault, pattern) => {
    const { headers } = await begin();
    await store.wire.fault(fault);
    const response = await answerInTime(handlers.me, { ...ME, headers });
    const { error_type, error } = expectErrorPayload(response, log, ME);
    expect(`${error_type}: ${error}`).toMatch(pattern);
  });

  test('an answer without rows, which is none of DynamoDB’s: a protected endpoint answers 500', async () => {
    const { headers } = await begin();
    await store.wire.fault('empty-answer');
    expectErrorPayload(await answerInTime(handlers.me, { ...ME, headers }), log, ME);
  });
});

describe('a store that is slow', () => {
  test.each<[string, FaultOptions]>([
    ['just inside the time of an attempt', { ms: timeouts.attemptMs - 300 }],
    ['just outside it, once', { ms: timeouts.attemptMs + 300, times: 1 }],
  ])('%s: both endpoints answer', async (_, options) => {
    handlers = await startFunctions(); // with a fresh budget of retries
    const { session, headers } = await begin();
    await store.wire.fault('slow', options);
    expect((await answerInTime(handlers.me, { ...ME, headers })).statusCode).toBe(200);
    await store.wire.fault('slow', options);
    expectLoggedOut(await answerInTime(handlers.logout, { ...LOGOUT, headers }));
    expect(await isAlive(session)).toBe(false);
  });

  test('outside the time of every attempt: 500', async () => {
    const { headers } = await begin();
    await store.wire.fault('slow', { ms: timeouts.attemptMs + 300 });
    const response = await answerInTime(handlers.me, { ...ME, headers });
    expectErrorPayload(response, log, ME);
  });
});

describe('a store that cannot be found', () => {
  afterAll(() => {
    process.env.AWS_ENDPOINT_URL_DYNAMODB = store.wire.endpoint;
  });

  test.each([
    ['its name does not resolve', () => UNRESOLVABLE_ENDPOINT],
    ['it does not speak TLS', () => tlsFaultEndpoint(store.wire.endpoint)],
  ])('%s: both endpoints answer 500', async (_, endpoint) => {
    const { session, headers } = await begin();
    process.env.AWS_ENDPOINT_URL_DYNAMODB = endpoint();
    const { logout, me } = await startFunctions();
    expectErrorPayload(await answerInTime(logout, { ...LOGOUT, headers }), log, LOGOUT);
    log.clear();
    expectErrorPayload(await answerInTime(me, { ...ME, headers }), log, ME);
    expect(store.wire.requests()).toEqual([]);
    expect(await isAlive(session)).toBe(true);
  });
});
