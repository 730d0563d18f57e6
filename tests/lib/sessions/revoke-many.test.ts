import { randomUUID } from 'node:crypto';
import { DeleteCommand, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { describe, expect, test } from '@jest/globals';
import { openSessionStore, type SessionStore } from '../../../lib/aws/dynamodb.ts';
import { type RevokeScope, revokeAll, revokeMany } from '../../../lib/sessions/revoke-many.ts';
import type { Session } from '../../../lib/sessions/session.ts';
import { findSession } from '../../../lib/sessions/sessions.ts';
import { defined } from '../../../lib/shared/json.ts';
import type { FaultName } from '../../../support/fault-proxy.ts';
import { useProxiedStore } from '../../support/proxied-store.ts';
import { beginSession, NOW_MS } from '../../support/session-rows.ts';

const SCOPES: RevokeScope[] = ['others', 'everywhere'];

const store = useProxiedStore();

const begin = (sub: string, jti: string, auth_time: number) =>
  beginSession(store.direct, sub, jti, { auth_time });

/** A user with three devices, the first of which asks. */
async function devices() {
  const sub = randomUUID();
  const caller = await begin(sub, 'caller', NOW_MS - 3_000);
  const others = [await begin(sub, 'one', NOW_MS - 2_000), await begin(sub, 'two', NOW_MS)];
  return { sub, caller, others };
}

const revoke = (
  caller: Session,
  scope: RevokeScope,
  nowMs = NOW_MS,
  by: SessionStore = store.proxied,
) => revokeMany(by, { session: caller, cutoff: undefined }, scope, nowMs);

const isAlive = async (session: Session) =>
  (await findSession(store.direct, session, NOW_MS)) !== null;

async function cutoffRow(sub: string) {
  const { Item } = await store.direct.client.send(
    new GetCommand({ TableName: store.direct.table, Key: { sub, jti: '#cutoff' } }),
  );
  return Item;
}

async function writeCutoffRow(
  sub: string,
  revoked_before: number,
  except_sid?: string,
): Promise<void> {
  const Item = defined({ sub, jti: '#cutoff', revoked_before, except_sid });
  await store.direct.client.send(new PutCommand({ TableName: store.direct.table, Item }));
}

test('everywhere ends all sessions of the user, the caller’s as well, in one write', async () => {
  const { sub, caller, others } = await devices();
  expect(await revoke(caller, 'everywhere')).toEqual({ revoked_before: NOW_MS });
  expect(store.operations()).toEqual(['UpdateItem']);
  for (const session of [caller, ...others]) expect(await isAlive(session)).toBe(false);
  // No expires_at: nothing may ever delete it.
  expect(await cutoffRow(sub)).toEqual({ sub, jti: '#cutoff', revoked_before: NOW_MS });
});

test('others ends all but the caller’s own chain, in one write', async () => {
  const { sub, caller, others } = await devices();
  expect(await revoke(caller, 'others')).toEqual({ revoked_before: NOW_MS, except_sid: 'caller' });
  expect(store.operations()).toEqual(['UpdateItem']);
  expect(await isAlive(caller)).toBe(true);
  for (const session of others) expect(await isAlive(session)).toBe(false);
  expect(await cutoffRow(sub)).toEqual({
    sub,
    jti: '#cutoff',
    revoked_before: NOW_MS,
    except_sid: 'caller',
  });
});

describe('a cutoff never moves back', () => {
  test.each(SCOPES)('%s, on a clock that runs behind', async (scope) => {
    const { sub, caller, others } = await devices();
    await writeCutoffRow(sub, NOW_MS, 'caller');
    const cutoff = await revoke(caller, scope, NOW_MS - 2_500);
    expect(cutoff).toEqual(
      scope === 'others'
        ? { revoked_before: NOW_MS, except_sid: 'caller' }
        : { revoked_before: NOW_MS + 1 },
    );
    for (const session of others) expect(await isAlive(session)).toBe(false);
    expect(await isAlive(caller)).toBe(scope === 'others');
  });
});

describe('a cutoff that was read', () => {
  test.each(SCOPES)('grows by %s in the same millisecond, on any clock', async (scope) => {
    const { sub, caller } = await devices();
    await writeCutoffRow(sub, NOW_MS, 'caller');
    const cutoff = { revoked_before: NOW_MS, except_sid: 'caller' };
    for (const behindMs of [0, 3_600_000])
      expect(
        await revokeMany(store.proxied, { session: caller, cutoff }, scope, NOW_MS - behindMs),
      ).toMatchObject({ revoked_before: NOW_MS + 1 });
    expect(await cutoffRow(sub)).toMatchObject({ revoked_before: NOW_MS + 1 });
    expect(store.operations().filter((name) => name === 'UpdateItem')).toHaveLength(2);
  });

  test('costs no second read: one write', async () => {
    const { sub, caller } = await devices();
    await writeCutoffRow(sub, NOW_MS - 10, 'caller');
    const cutoff = { revoked_before: NOW_MS - 10, except_sid: 'caller' };
    await revokeMany(store.proxied, { session: caller, cutoff }, 'everywhere', NOW_MS);
    expect(store.operations()).toEqual(['UpdateItem']);
  });
});

describe('all sessions of a user, ended by somebody else', () => {
  test('end although a cutoff spares one, and the cutoff grows', async () => {
    const { sub, caller } = await devices();
    await writeCutoffRow(sub, NOW_MS + 5, 'caller');
    expect(await revokeAll(store.proxied, sub, NOW_MS)).toEqual({ revoked_before: NOW_MS + 6 });
    expect(await isAlive(caller)).toBe(false);
  });

  test('end for a user without any row', async () => {
    const sub = randomUUID();
    expect(await revokeAll(store.proxied, sub, NOW_MS)).toEqual({ revoked_before: NOW_MS });
  });

  test.each<FaultName>(['access-denied', 'empty-answer', 'html'])(
    'are an error where the cutoff cannot be written: %s',
    async (fault) => {
      const { sub } = await devices();
      await store.proxy.fault(fault, { operation: 'UpdateItem' });
      await expect(revokeAll(store.proxied, sub, NOW_MS)).rejects.toThrow();
    },
  );
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
  )(
    '%s %s: is told so, and writes nothing',
    async (scope, _, except_sid, revokedBefore = NOW_MS) => {
      const { sub, caller, others } = await devices();
      await writeCutoffRow(sub, revokedBefore, except_sid);
      expect(await revoke(caller, scope)).toBeNull();
      expect(await cutoffRow(sub)).toMatchObject({ revoked_before: revokedBefore, except_sid });
      expect(store.operations()).toEqual(['UpdateItem', 'BatchGetItem']);
      expect(await isAlive(others[0] ?? caller)).toBe(true);
    },
  );

  test('everywhere, by another everywhere: is told the truth, that all are out', async () => {
    const { sub, caller } = await devices();
    await writeCutoffRow(sub, NOW_MS + 1);
    expect(await revoke(caller, 'everywhere')).toEqual({ revoked_before: NOW_MS + 1 });
  });
});

test('a write whose answer was lost is no success when the cutoff that is there cannot be read', async () => {
  const { caller } = await devices();
  await revoke(caller, 'everywhere', NOW_MS, store.direct);
  await store.proxy.fault('access-denied', { operation: 'BatchGetItem' });
  await expect(revoke(caller, 'everywhere')).rejects.toThrow('failed: AccessDeniedException: ');
});

describe('a write that did not happen', () => {
  /** A store before whose operations of one kind somebody else does something. */
  function storeThat(command: string, meanwhile: () => Promise<unknown>): SessionStore {
    const opened = openSessionStore(store.direct.table);
    opened.client.middlewareStack.add(
      (next, { commandName }) =>
        async (operation) => {
          if (commandName === command) await meanwhile();
          return next(operation);
        },
      { step: 'initialize', name: 'meanwhile' },
    );
    return opened;
  }

  test('is an error when the cutoff is gone and comes back before every attempt', async () => {
    const { sub, caller } = await devices();
    let revokedBefore = NOW_MS;
    await writeCutoffRow(sub, revokedBefore, 'caller');
    // Somebody else, who is always a moment faster with a cutoff that spares the caller.
    const contested = storeThat('UpdateItemCommand', async () => {
      revokedBefore += 1_000;
      await writeCutoffRow(sub, revokedBefore, 'caller');
    });
    await expect(revoke(caller, 'everywhere', NOW_MS, contested)).rejects.toThrow(
      'still being rewritten',
    );
    contested.client.destroy();
    expect(await cutoffRow(sub)).toMatchObject({ except_sid: 'caller' });
  });

  test('is tried again when the cutoff that was in its way is gone', async () => {
    const { sub, caller } = await devices();
    await writeCutoffRow(sub, NOW_MS + 1, 'caller');
    const Key = { sub, jti: '#cutoff' };
    const cleared = storeThat('BatchGetItemCommand', () =>
      store.direct.client.send(new DeleteCommand({ TableName: store.direct.table, Key })),
    );
    expect(await revoke(caller, 'everywhere', NOW_MS, cleared)).toEqual({ revoked_before: NOW_MS });
    cleared.client.destroy();
    expect(await isAlive(caller)).toBe(false);
  });
});
