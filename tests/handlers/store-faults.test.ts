import { setImmediate as settle } from 'node:timers/promises';
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { describe, expect, test } from '@jest/globals';
import type { HttpResponse } from '../../lib/http/response.ts';
import { createSession } from '../../lib/login/create-session.ts';
import { sessionId } from '../../lib/sessions/key.ts';
import { findSession } from '../../lib/sessions/sessions.ts';
import type { FaultName } from '../../support/fault-proxy.ts';
import { LOGGED_OUT } from '../support/answers.ts';
import { authorizerForms } from '../support/authorizer-events.ts';
import { expectAuthorizerFailure, expectErrorPayload } from '../support/error-payload.ts';
import { eventV2 } from '../support/events.ts';
import { useFunctions } from '../support/fault-matrix/process.ts';
import { lambdaContext } from '../support/lambda.ts';
import { useLog } from '../support/log.ts';
import { useProxiedStore } from '../support/proxied-store.ts';
import { type Issued, issueTestDevices } from '../support/signing.ts';

/** Faults that tests/handlers/fault-matrix.test.ts cannot say: of a second operation of the same kind, or of one row. */
const store = useProxiedStore();
const log = useLog();
const { functions } = useFunctions(store, { deleteRevokedMs: 5_000 });

const devices = () => issueTestDevices(store.direct);

const isAlive = async ({ session }: Issued) => (await findSession(store.direct, session)) !== null;

const LOGOUT = { method: 'POST', path: '/api/v1/auth/logout' };
const LIST = { method: 'GET', path: '/api/v1/auth/sessions' };
const END = { method: 'DELETE', path: '/api/v1/auth/sessions/id' };

async function call(
  name: 'logout' | 'listSessions' | 'deleteSession',
  request: Parameters<typeof eventV2>[0],
): Promise<HttpResponse> {
  return (await functions[name](eventV2(request), lambdaContext())) as HttpResponse;
}

const logout = ({ token }: Issued, scope = 'this') =>
  call('logout', { ...LOGOUT, token, ...(scope === 'this' ? {} : { query: { scope } }) });

/** Lets a fault meet an operation from after the first request of another (or the same) one on. */
async function faultAfter(first: string, fault: FaultName, operation: string): Promise<void> {
  while (!store.operations().includes(first)) await settle();
  await store.proxy.fault(fault, { operation });
}

test('the same token logs out once the store is back', async () => {
  const { phone } = await devices();
  await store.proxy.fault('refused');
  expectErrorPayload(await logout(phone), log, LOGOUT);
  expect(await isAlive(phone)).toBe(true);
  await store.proxy.clear();
  expect(await logout(phone)).toEqual(LOGGED_OUT);
  expect(await isAlive(phone)).toBe(false);
});

describe('a fault of a later operation of a request: 500, never a success', () => {
  const FAULTS: FaultName[] = ['access-denied', 'hang', 'truncated-json', 'empty-answer'];

  test.each(FAULTS)(
    'everywhere, reading its own cutoff again after a lost answer: %s',
    async (fault) => {
      const { phone } = await devices();
      await store.proxy.fault('internal-error-after-effect', { times: 1, operation: 'UpdateItem' });
      const answer = logout(phone, 'everywhere');
      await faultAfter('UpdateItem', fault, 'BatchGetItem');
      expectErrorPayload(await answer, log, LOGOUT);
      expect(store.operations().slice(0, 4)).toEqual([
        'BatchGetItem',
        'UpdateItem',
        'UpdateItem',
        'BatchGetItem',
      ]);
    },
  );

  test.each(FAULTS)('list, a later page of the query: %s', async (fault) => {
    const { phone } = await devices();
    for (let index = 0; index < 12; index += 1)
      await createSession(store.direct, {
        ...phone.session,
        jti: `s${index}`,
        user_agent: 'x'.repeat(100_000),
      });
    const answer = call('listSessions', { ...LIST, token: phone.token });
    await faultAfter('Query', fault, 'Query');
    expectErrorPayload(await answer, log, LIST);
  });

  test.each(FAULTS)(
    'end, looking for the session after the check has passed: %s',
    async (fault) => {
      const { phone, laptop } = await devices();
      const answer = call('deleteSession', {
        ...END,
        token: phone.token,
        id: sessionId(laptop.session),
      });
      await faultAfter('BatchGetItem', fault, 'BatchGetItem');
      expectErrorPayload(await answer, log, END);
      expect(await isAlive(laptop)).toBe(true);
    },
  );
});

test.each(['Query', 'BatchWriteItem'])(
  'a deletion of revoked rows that fails in %s is logged, and changes no answer',
  async (operation) => {
    const { phone, laptop } = await devices();
    await store.proxy.fault('access-denied', { operation });
    expect(await logout(phone, 'everywhere')).toEqual(LOGGED_OUT);
    expect([await isAlive(phone), await isAlive(laptop)]).toEqual([false, false]);
    expect(log.outcomes().map(({ level, message }) => [level, message])).toEqual([
      ['INFO', 'logout.ended'],
      ['INFO', 'logout.sweep_failed'],
    ]);
    expect(log.outcomes().at(-1)).toMatchObject({
      reason: 'StoreError',
      error: expect.stringMatching(
        `^${operation} on the table ${store.direct.table} failed: AccessDeniedException: `,
      ),
      trace: expect.stringMatching(/StoreError[\s\S]+ at .+\nCaused by: AccessDeniedException/),
    });
  },
);

describe('rows that cannot be read are an error, never "allow"', () => {
  test.each<[string, Record<string, unknown>]>([
    ['a session without an auth_time', { auth_time: undefined }],
    ['a session whose life has no end', { expires_at: undefined }],
    ['an end of life in words', { expires_at: 'tomorrow' }],
    ['a cutoff that is no time', { jti: '#cutoff', revoked_before: 'yesterday' }],
  ])('%s', async (_, changes) => {
    const { phone } = await devices();
    const Item = JSON.parse(JSON.stringify({ ...phone.session, ...changes }));
    await store.direct.client.send(new PutCommand({ TableName: store.direct.table, Item }));
    const event = authorizerForms[0]?.event(`Bearer ${phone.token}`);
    const answer = functions.authorizer(event, lambdaContext());
    await expectAuthorizerFailure(answer, log, phone.token.split('.'));
  });
});
