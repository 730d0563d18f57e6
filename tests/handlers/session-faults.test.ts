import { randomUUID } from 'node:crypto';
import { setImmediate as settle } from 'node:timers/promises';
import { PutCommand } from '@aws-sdk/lib-dynamodb';
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
import { createSession } from '../../lib/login/create-session.ts';
import { readRows } from '../../lib/sessions/rows.ts';
import { findSession } from '../../lib/sessions/sessions.ts';
import { timeouts } from '../../lib/shared/timeouts.ts';
import { expectErrorPayload } from '../support/error-payload.ts';
import type { FaultName } from '../support/fault-proxy.ts';
import { configureFunction, lambdaContext } from '../support/lambda.ts';
import { type CapturedLog, captureLog } from '../support/log.ts';
import { LOGGED_OUT } from '../support/range.ts';
import { requestV2 } from '../support/requests.ts';
import { encode, issueTestSession, TEST_SECRET } from '../support/signing.ts';
import { openWiredStore, type WiredStore } from '../support/wired-store.ts';

let store: WiredStore;
let log: CapturedLog;
let functions: Awaited<ReturnType<typeof startFunctions>>;
beforeAll(async () => {
  store = await openWiredStore();
  configureFunction(store.direct);
  functions = await startFunctions();
});
afterAll(() => store.close());
beforeEach(async () => {
  await store.wire.clear();
  log = captureLog();
});
afterEach(() => log.stop());

/** All functions anew, each with a full budget of retries in its SDK, which lasting faults use up. */
async function startFunctions() {
  jest.resetModules();
  const { handler: logout } = await import('../../handlers/logout.ts');
  const { handler: sessions } = await import('../../handlers/list-sessions.ts');
  const { handler: endSession } = await import('../../handlers/delete-session.ts');
  return { logout, sessions, endSession };
}

type Issued = Awaited<ReturnType<typeof issueTestSession>>;
interface Devices {
  readonly phone: Issued;
  readonly laptop: Issued;
}

/** A user with two devices, whose rows were written around the wire. */
async function devices(): Promise<Devices> {
  const sub = randomUUID();
  const device = () => issueTestSession(store.direct, { sub });
  return { phone: await device(), laptop: await device() };
}

const isAlive = async ({ session }: Issued) => (await findSession(store.direct, session)) !== null;

const LOGOUT = { method: 'POST', path: '/api/v1/auth/logout' };
const LIST = { method: 'GET', path: '/api/v1/auth/sessions' };
const END = { method: 'DELETE', path: '/api/v1/auth/sessions/id' };

/** What a phone can ask for about its user's sessions; `end` ends the laptop's. */
const REQUESTS = {
  others: { ...LOGOUT, query: { scope: 'others' } },
  everywhere: { ...LOGOUT, query: { scope: 'everywhere' } },
  list: LIST,
  end: END,
};
type Name = keyof typeof REQUESTS;
const NAMES: Name[] = ['others', 'everywhere', 'list', 'end'];
const SUCCESS = { others: 200, everywhere: 200, list: 200, end: 204 };

/** Asks as the phone, and sees to it that Lambda would not have ended the function before its answer. */
async function ask(name: Name, { phone, laptop }: Devices): Promise<HttpResponse> {
  const handler = { list: functions.sessions, end: functions.endSession }[String(name)];
  const context = lambdaContext(timeouts.functionMs);
  const event = requestV2({
    ...REQUESTS[name],
    token: phone.token,
    id: encode(laptop.session.jti),
  });
  const response = await (handler ?? functions.logout)(event, context);
  expect(context.getRemainingTimeInMillis()).toBeGreaterThan(0);
  return response;
}

/** Lets a fault meet an operation from after the first request of another (or the same) one on. */
async function faultAfter(first: string, fault: FaultName, operation: string): Promise<void> {
  while (!store.wire.requests().some((request) => request.operation === first)) await settle();
  await store.wire.fault(fault, { operation });
}

const operations = () => store.wire.requests().map(({ operation }) => operation);

/** Neither an answer nor a log line may hold a credential, or whom it belongs to. */
function expectNoSecrets({ phone, laptop }: Devices): void {
  const text = log.lines().join('\n');
  for (const { token, session } of [phone, laptop])
    for (const secret of [...token.split('.').slice(1), session.sub, session.jti, TEST_SECRET])
      expect(text).not.toContain(secret);
}

const QUICK: FaultName[] = [
  'reset',
  'reset-after-effect',
  'cut-off',
  'throttle',
  'internal-error',
  'internal-error-after-effect',
  'unavailable',
  'access-denied',
  'missing-table',
  'html',
  'truncated-json',
  'empty-answer',
];
const SLOW: FaultName[] = ['hang', 'hang-after-effect', 'stall'];

/** Of a write that met one of these, nothing has reached the store. */
const WITHOUT_EFFECT = new Set<FaultName>([
  'reset',
  'throttle',
  'internal-error',
  'unavailable',
  'access-denied',
  'missing-table',
  'html',
  'empty-answer',
  'hang',
]);

describe('a fault that lasts, in what the answer depends on: 500, never a success', () => {
  describe.each<[Name, string]>([
    ['others', 'BatchGetItem'],
    ['others', 'UpdateItem'],
    ['everywhere', 'UpdateItem'],
    ['list', 'BatchGetItem'],
    ['list', 'Query'],
    ['end', 'BatchGetItem'],
    ['end', 'DeleteItem'],
  ])('%s, %s', (name, operation) => {
    const isWrite = operation === 'UpdateItem' || operation === 'DeleteItem';
    const faults: FaultName[] = [...QUICK, ...(isWrite ? SLOW : (['hang'] as const))];

    test.each(faults)('%s', async (fault) => {
      const both = await devices();
      await store.wire.fault(fault, { operation });
      const response = await ask(name, both);
      expectErrorPayload(response, log, REQUESTS[name]);
      expectNoSecrets(both);
      if (!isWrite || WITHOUT_EFFECT.has(fault))
        expect([await isAlive(both.phone), await isAlive(both.laptop)]).toEqual([true, true]);
    });
  });

  test.each(NAMES)('%s: a store that refuses every connection', async (name) => {
    const both = await devices();
    await store.wire.fault('refused');
    expectErrorPayload(await ask(name, both), log, REQUESTS[name]);
    expect([await isAlive(both.phone), await isAlive(both.laptop)]).toEqual([true, true]);
  });

  test.each<FaultName>(['access-denied', 'reset', 'hang', 'html', 'empty-answer'])(
    'everywhere, reading its own cutoff again after a lost answer: %s',
    async (fault) => {
      functions = await startFunctions();
      const both = await devices();
      await store.wire.fault('internal-error-after-effect', { times: 1, operation: 'UpdateItem' });
      const answer = ask('everywhere', both);
      await faultAfter('UpdateItem', fault, 'BatchGetItem');
      expectErrorPayload(await answer, log, LOGOUT);
      expect(operations().slice(0, 4)).toEqual([
        'BatchGetItem',
        'UpdateItem',
        'UpdateItem',
        'BatchGetItem',
      ]);
      expectNoSecrets(both);
    },
  );

  test.each<FaultName>(['access-denied', 'reset', 'hang', 'truncated-json', 'empty-answer'])(
    'list, a later page of the query: %s',
    async (fault) => {
      const both = await devices();
      for (let index = 0; index < 12; index += 1)
        await createSession(store.direct, {
          ...both.phone.session,
          jti: `s${index}`,
          user_agent: 'x'.repeat(100_000),
        });
      const answer = ask('list', both);
      await faultAfter('Query', fault, 'Query');
      expectErrorPayload(await answer, log, LIST);
    },
  );

  test.each<FaultName>(['access-denied', 'reset', 'hang', 'html', 'empty-answer'])(
    'end, looking for the session after the check has passed: %s',
    async (fault) => {
      const both = await devices();
      const answer = ask('end', both);
      await faultAfter('BatchGetItem', fault, 'BatchGetItem');
      expectErrorPayload(await answer, log, END);
      expect(await isAlive(both.laptop)).toBe(true);
    },
  );
});

describe('a fault that passes', () => {
  beforeAll(async () => {
    functions = await startFunctions();
  });

  const ONCE: FaultName[] = ['reset', 'cut-off', 'throttle', 'internal-error', 'unavailable'];

  test.each([
    ['others', 'BatchGetItem'],
    ['others', 'UpdateItem'],
    ['everywhere', 'UpdateItem'],
    ['list', 'BatchGetItem'],
    ['list', 'Query'],
    ['end', 'BatchGetItem'],
  ] as const)('%s, %s: is made up for', async (name, operation) => {
    for (const fault of ONCE) {
      const both = await devices();
      await store.wire.clear();
      await store.wire.fault(fault, { times: 1, operation });
      expect(await ask(name, both)).toMatchObject({ statusCode: SUCCESS[name] });
      expect(store.wire.requests().filter((request) => request.fault === fault)).toHaveLength(1);
      if (name !== 'list') expect(await isAlive(both.laptop)).toBe(false);
    }
  });

  test.each(['others', 'everywhere'] as const)(
    '%s: the cutoff’s answer is lost after it was written: the same 200',
    async (name) => {
      for (const fault of ['reset-after-effect', 'internal-error-after-effect'] as const) {
        const both = await devices();
        await store.wire.fault(fault, { times: 1, operation: 'UpdateItem' });
        expect(await ask(name, both)).toEqual(LOGGED_OUT);
        expect(await isAlive(both.phone)).toBe(name === 'others');
        expect(await isAlive(both.laptop)).toBe(false);
      }
    },
  );

  test('end, whose delete has no effect the first time: 204', async () => {
    const both = await devices();
    await store.wire.fault('reset', { times: 1, operation: 'DeleteItem' });
    expect(await ask('end', both)).toMatchObject({ statusCode: 204, body: '' });
    expect(await isAlive(both.laptop)).toBe(false);
  });

  test('end, whose delete has an effect and no answer: 404, as the session is gone', async () => {
    const both = await devices();
    await store.wire.fault('reset-after-effect', { times: 1, operation: 'DeleteItem' });
    expect(await ask('end', both)).toMatchObject({ statusCode: 404 });
    expect(await isAlive(both.laptop)).toBe(false);
  });
});

describe('keys that DynamoDB leaves unprocessed', () => {
  const LEFT = ['unprocessed-keys', 'unprocessed-first-key', 'unprocessed-last-key'] as const;

  test.each(NAMES)('%s: once, they are asked for again', async (name) => {
    for (const fault of LEFT) {
      const both = await devices();
      await store.wire.fault(fault, { times: 1 });
      expect(await ask(name, both)).toMatchObject({ statusCode: SUCCESS[name] });
    }
  });

  test.each(NAMES)('%s: for ever, 500, and nothing is ended', async (name) => {
    const both = await devices();
    await store.wire.fault('unprocessed-keys');
    const { error_type } = expectErrorPayload(await ask(name, both), log, REQUESTS[name]);
    expect(error_type).toBe('UnprocessedKeysError');
    expect([await isAlive(both.phone), await isAlive(both.laptop)]).toEqual([true, true]);
  });

  test('a cutoff that is never read lets nobody in whom it has ended', async () => {
    const both = await devices();
    await ask('everywhere', both);
    await createSession(store.direct, both.phone.session); // its row, which the sweep has deleted
    await store.wire.fault('unprocessed-last-key');
    log.clear();
    expectErrorPayload(await ask('list', both), log, LIST);
  });
});

describe('the sweep, which nothing depends on', () => {
  test.each(
    ['Query', 'BatchWriteItem'].flatMap((operation) =>
      [...QUICK, ...SLOW].map((fault) => [operation, fault] as const),
    ),
  )('%s, %s: the logout is true, and says so', async (operation, fault) => {
    const both = await devices();
    await store.wire.fault(fault, { operation });
    expect(await ask('everywhere', both)).toEqual(LOGGED_OUT);
    expect([await isAlive(both.phone), await isAlive(both.laptop)]).toEqual([false, false]);
    expect(store.wire.requests().some((request) => request.fault === fault)).toBe(true);
    const messages = log.entries().map(({ message }) => message);
    expect(messages).toContain('logout.ended');
    // A batch that answers nothing is one that left nothing undone.
    if (operation !== 'BatchWriteItem' || fault !== 'empty-answer')
      expect(messages).toContain('logout.sweep_failed');
    expect(log.entries().filter(({ level }) => level === 'ERROR')).toEqual([]);
    expectNoSecrets(both);
  });

  test('passes over a row that no one can read', async () => {
    const both = await devices();
    const { sub } = both.phone.session;
    await store.direct.client.send(
      new PutCommand({ TableName: store.direct.table, Item: { sub, jti: '!not a session' } }),
    );
    expect(await ask('everywhere', both)).toEqual(LOGGED_OUT);
    const rows = await readRows(store.direct, sub, [
      '!not a session',
      both.phone.session.jti,
      both.laptop.session.jti,
    ]);
    expect([...rows.keys()]).toEqual(['!not a session']);
    expect(log.entries().map(({ message }) => message)).not.toContain('logout.sweep_failed');
  });
});
