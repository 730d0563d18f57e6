import { randomUUID } from 'node:crypto';
import { DeleteCommand, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { ScopeOfMany } from '../../../lib/auth/logout-scope.ts';
import { openSessionStore } from '../../../lib/aws/dynamodb.ts';
import { logOutMany } from '../../../lib/sessions/revoke-many.ts';
import type { Session } from '../../../lib/sessions/session.ts';
import { createSession, findSession } from '../../../lib/sessions/sessions.ts';
import type { FaultName } from '../../support/fault-proxy.ts';
import { openWiredStore, type WiredStore } from '../../support/wired-store.ts';

const NOW_MS = 1_767_225_600_000;
const SCOPES: ScopeOfMany[] = ['others', 'everywhere'];

let store: WiredStore;
beforeAll(async () => {
  store = await openWiredStore();
});
afterAll(() => store.close());
beforeEach(() => store.wire.clear());

async function begin(sub: string, jti: string, auth_time: number): Promise<Session> {
  const session = { sub, jti, sid: jti, auth_time, expires_at: NOW_MS / 1_000 + 3_600 };
  expect(await createSession(store.direct, session)).toBe(true);
  return session;
}

/** A user with three devices, the first of which asks. */
async function devices() {
  const sub = randomUUID();
  const caller = await begin(sub, 'caller', NOW_MS - 3_000);
  const others = [await begin(sub, 'one', NOW_MS - 2_000), await begin(sub, 'two', NOW_MS)];
  return { sub, caller, others };
}

const isAlive = async (session: Session) =>
  (await findSession(store.direct, session, NOW_MS)) !== null;

async function epochRow(sub: string) {
  const { Item } = await store.direct.client.send(
    new GetCommand({ TableName: store.direct.table, Key: { sub, jti: '#epoch' } }),
  );
  return Item;
}

async function writeEpochRow(sub: string, not_before: number, keep?: string): Promise<void> {
  const Item = { sub, jti: '#epoch', not_before, ...(keep === undefined ? {} : { keep }) };
  await store.direct.client.send(new PutCommand({ TableName: store.direct.table, Item }));
}

const operations = () => store.wire.requests().map(({ operation }) => operation);

test('everywhere ends all sessions of the user, the caller’s as well, in one write', async () => {
  const { sub, caller, others } = await devices();
  expect(await logOutMany(store.wired, caller, 'everywhere', NOW_MS)).toEqual({
    not_before: NOW_MS,
  });
  expect(operations()).toEqual(['UpdateItem']);
  for (const session of [caller, ...others]) expect(await isAlive(session)).toBe(false);
  // No expires_at: nothing may ever delete it.
  expect(await epochRow(sub)).toEqual({ sub, jti: '#epoch', not_before: NOW_MS });
});

test('others ends all but the caller’s own chain, in one write', async () => {
  const { sub, caller, others } = await devices();
  expect(await logOutMany(store.wired, caller, 'others', NOW_MS)).toEqual({
    not_before: NOW_MS,
    keep: 'caller',
  });
  expect(operations()).toEqual(['UpdateItem']);
  expect(await isAlive(caller)).toBe(true);
  for (const session of others) expect(await isAlive(session)).toBe(false);
  expect(await epochRow(sub)).toEqual({ sub, jti: '#epoch', not_before: NOW_MS, keep: 'caller' });
});

test('nobody else is touched', async () => {
  const { caller } = await devices();
  const bystander = await begin(randomUUID(), 'caller', NOW_MS - 3_000);
  await logOutMany(store.wired, caller, 'everywhere', NOW_MS);
  expect(await isAlive(bystander)).toBe(true);
});

test('who logs in a millisecond later is in', async () => {
  const { sub, caller } = await devices();
  await logOutMany(store.wired, caller, 'everywhere', NOW_MS);
  expect(await isAlive(await begin(sub, 'same millisecond', NOW_MS))).toBe(false);
  expect(await isAlive(await begin(sub, 'later', NOW_MS + 1))).toBe(true);
});

test('a caller whose login service’s clock runs ahead ends its own session too', async () => {
  const sub = randomUUID();
  const caller = await begin(sub, 'caller', NOW_MS + 5_000);
  expect(await logOutMany(store.wired, caller, 'everywhere', NOW_MS)).toEqual({
    not_before: NOW_MS + 5_000,
  });
  expect(await isAlive(caller)).toBe(false);
});

test('everywhere after others ends the chain that was kept', async () => {
  const { sub, caller } = await devices();
  await logOutMany(store.wired, caller, 'others', NOW_MS);
  await logOutMany(store.wired, caller, 'everywhere', NOW_MS + 1);
  expect(await isAlive(caller)).toBe(false);
  expect(await epochRow(sub)).toEqual({ sub, jti: '#epoch', not_before: NOW_MS + 1 });
});

describe('an epoch never moves back, or the dead would rise', () => {
  test.each(SCOPES)('%s, on a clock that runs behind', async (scope) => {
    const { sub, caller, others } = await devices();
    await writeEpochRow(sub, NOW_MS, 'caller');
    const epoch = await logOutMany(store.wired, caller, scope, NOW_MS - 2_500);
    expect(epoch).toEqual({
      not_before: NOW_MS,
      ...(scope === 'others' ? { keep: 'caller' } : {}),
    });
    for (const session of others) expect(await isAlive(session)).toBe(false);
    expect(await isAlive(caller)).toBe(scope === 'others');
  });
});

describe('a caller that has been ended meanwhile', () => {
  test.each(
    SCOPES.flatMap(
      (scope) =>
        [
          [scope, 'by another device', 'one'],
          [scope, 'by another device, on a clock that runs ahead', 'one', NOW_MS + 60_000],
        ] as const,
    ),
  )('%s %s: is told so, and writes nothing', async (scope, _, keep, notBefore = NOW_MS) => {
    const { sub, caller, others } = await devices();
    await writeEpochRow(sub, notBefore, keep);
    expect(await logOutMany(store.wired, caller, scope, NOW_MS)).toBeNull();
    expect(await epochRow(sub)).toMatchObject({ not_before: notBefore, keep });
    expect(operations()).toEqual(['UpdateItem', 'BatchGetItem']);
    expect(await isAlive(others[0] ?? caller)).toBe(true);
  });

  test('everywhere, by another everywhere: is told the truth, that all are out', async () => {
    const { sub, caller } = await devices();
    await writeEpochRow(sub, NOW_MS + 1);
    expect(await logOutMany(store.wired, caller, 'everywhere', NOW_MS)).toEqual({
      not_before: NOW_MS + 1,
    });
  });
});

describe('a write whose answer was lost', () => {
  const FAULTS: FaultName[] = [
    'reset-after-effect',
    'cut-off',
    'stall',
    'hang-after-effect',
    'internal-error-after-effect',
  ];
  test.each(SCOPES.flatMap((scope) => FAULTS.map((fault) => [scope, fault] as const)))(
    '%s, %s: is a success, once the epoch is seen',
    async (scope, fault) => {
      const { caller, others } = await devices();
      await store.wire.fault(fault, { times: 1, operation: 'UpdateItem' });
      const epoch = await logOutMany(store.wired, caller, scope, NOW_MS);
      expect(epoch?.not_before).toBe(NOW_MS);
      expect(operations().slice(0, 2)).toEqual(['UpdateItem', 'UpdateItem']);
      for (const session of others) expect(await isAlive(session)).toBe(false);
      expect(await isAlive(caller)).toBe(scope === 'others');
    },
  );

  test('is no success when the epoch that is there cannot be read', async () => {
    const { caller } = await devices();
    await logOutMany(store.direct, caller, 'everywhere', NOW_MS);
    await store.wire.fault('access-denied', { operation: 'BatchGetItem' });
    await expect(logOutMany(store.wired, caller, 'everywhere', NOW_MS)).rejects.toMatchObject({
      name: 'AccessDeniedException',
    });
  });
});

describe('a write that did not happen', () => {
  test.each<FaultName>(['access-denied', 'throttle', 'missing-table', 'html', 'empty-answer'])(
    '%s: is an error, and ends nothing',
    async (fault) => {
      const { caller, others } = await devices();
      await store.wire.fault(fault, { operation: 'UpdateItem' });
      for (const scope of SCOPES)
        await expect(logOutMany(store.wired, caller, scope, NOW_MS)).rejects.toThrow();
      for (const session of [caller, ...others]) expect(await isAlive(session)).toBe(true);
    },
  );

  test('is an error too when the epoch is gone and comes back before every attempt', async () => {
    const { sub, caller } = await devices();
    let notBefore = NOW_MS;
    await writeEpochRow(sub, notBefore, 'caller');
    // Somebody else, who is always a moment faster with an epoch that spares the caller.
    const contested = openSessionStore(store.direct.table);
    contested.client.middlewareStack.add(
      (next, { commandName }) =>
        async (operation) => {
          if (commandName === 'UpdateItemCommand') {
            notBefore += 1_000;
            await writeEpochRow(sub, notBefore, 'caller');
          }
          return next(operation);
        },
      { step: 'initialize', name: 'contest' },
    );
    await expect(logOutMany(contested, caller, 'everywhere', NOW_MS)).rejects.toThrow(
      'still being rewritten',
    );
    contested.client.destroy();
    expect(await epochRow(sub)).toMatchObject({ keep: 'caller' });
  });

  test('is tried again when the epoch that was in its way is gone', async () => {
    const { sub, caller } = await devices();
    await writeEpochRow(sub, NOW_MS + 1, 'caller');
    const cleared = openSessionStore(store.direct.table);
    cleared.client.middlewareStack.add(
      (next, { commandName }) =>
        async (operation) => {
          const Key = { sub, jti: '#epoch' };
          if (commandName === 'BatchGetItemCommand')
            await store.direct.client.send(
              new DeleteCommand({ TableName: store.direct.table, Key }),
            );
          return next(operation);
        },
      { step: 'initialize', name: 'clear' },
    );
    expect(await logOutMany(cleared, caller, 'everywhere', NOW_MS)).toEqual({ not_before: NOW_MS });
    cleared.client.destroy();
    expect(await isAlive(caller)).toBe(false);
  });
});
