import { randomUUID } from 'node:crypto';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { openSessionStore, type SessionStore } from '../../../lib/aws/dynamodb.ts';
import { createSession } from '../../../lib/login/create-session.ts';
import type { Session } from '../../../lib/sessions/session.ts';
import { endSession, findSession } from '../../../lib/sessions/sessions.ts';
import type { FaultName } from '../../../support/fault-proxy.ts';
import { anyCharacter } from '../../support/characters.ts';
import { useProxiedStore } from '../../support/proxied-store.ts';
import { putRow } from '../../support/session-rows.ts';

const store = useProxiedStore();
/** A client of its own for every test, as the SDK keeps a budget of retries. */
let wired: SessionStore;
beforeEach(async () => {
  await store.proxy.clear();
  wired = openSessionStore(store.direct.table);
});
afterEach(() => wired.client.destroy());

function newSession(changes: Partial<Session> = {}): Session {
  const jti = randomUUID();
  return {
    sub: 'alice',
    jti,
    sid: jti,
    auth_time: Date.now(),
    expires_at: Math.floor(Date.now() / 1_000) + 3_600,
    ...changes,
  };
}

async function begin(changes: Partial<Session> = {}): Promise<Session> {
  const session = newSession(changes);
  expect(await createSession(store.direct, session)).toBe(true);
  return session;
}

describe('creating a session', () => {
  test('writes a row that finding gives back as it was', async () => {
    const session = newSession({ user_agent: 'Mozilla/5.0', ip: '192.0.2.1' });
    expect(await createSession(wired, session)).toBe(true);
    expect(await findSession(wired, session)).toEqual(session);
  });

  test('refuses the keys of another session, and leaves that one as it was', async () => {
    const first = await begin({ auth_time: 1_700_000_001_000 });
    expect(await createSession(wired, { ...first, auth_time: 1_700_000_002_000 })).toBe(false);
    expect(await createSession(wired, { ...first, ip: '192.0.2.1' })).toBe(false);
    expect(await findSession(wired, first)).toEqual(first);
  });

  test.each(['cut-off', 'internal-error-after-effect'] as const)(
    'succeeds when the answer to an applied attempt is lost (%s)',
    async (fault) => {
      await store.proxy.fault(fault, { times: 1, operation: 'PutItem' });
      const session = newSession();
      expect(await createSession(wired, session)).toBe(true);
      expect(store.operations()).toEqual(['PutItem', 'PutItem', 'BatchGetItem']);
      expect(await findSession(store.direct, session)).toEqual(session);
    },
  );

  test('fails when the row that is there cannot be read', async () => {
    const session = await begin();
    await store.proxy.fault('access-denied', { operation: 'BatchGetItem' });
    await expect(createSession(wired, session)).rejects.toMatchObject({
      name: 'StoreError',
      cause: { name: 'AccessDeniedException' },
    });
  });

  test.each<[keyof Session, string, unknown]>([
    ['sub', 'empty', ''],
    ['sub', 'of 2,049 bytes in 1,025 characters', `${'é'.repeat(1_024)}a`],
    ['sub', 'with a lone surrogate', 'a\ud800'],
    ['jti', 'empty', ''],
    ['jti', 'of 1,025 bytes in 257 characters', `${'𝒳'.repeat(256)}a`],
    ['jti', 'with the prefix that is no session', '#cutoff'],
    ['jti', 'with a lone surrogate', '\udc00a'],
    ['jti', 'of another type', 7],
    ['sid', 'that could be no jti', '#cutoff'],
    ['sid', 'of another type', null],
    ['auth_time', 'with a fraction', 1.5],
    ['auth_time', 'as text', '1000'],
    ['auth_time', 'after the last date', 253_402_300_799_999 + 1],
    ['auth_time', 'in seconds', 1_767_225_600],
    ['auth_time', 'a millisecond below the least', 999_999_999_999],
    ['expires_at', 'without end', Number.POSITIVE_INFINITY],
    ['expires_at', 'after the last date', 253_402_300_800],
  ])('refuses, before anything is sent: %s %s', async (attribute, _, value) => {
    const session = newSession({ [attribute]: value });
    const creating = createSession(wired, session);
    await expect(creating).rejects.toThrow(TypeError);
    await expect(creating).rejects.toThrow(attribute);
    expect(store.proxy.requests()).toEqual([]);
  });

  test.each<[string, Partial<Session>]>([
    ['a sub of 2,048 bytes in 1,024 characters', { sub: 'é'.repeat(1_024) }],
    ['a jti of 1,024 bytes in 256 characters', { jti: '𝒳'.repeat(256) }],
    ['a jti with # inside', { jti: `a#cutoff-${randomUUID()}` }],
    ['a sub that starts with #', { sub: '#alice' }],
    ['keys of one character', { sub: '0', jti: '0' }],
    ['the first and the last date', { auth_time: 1_000_000_000_000, expires_at: 253_402_300_799 }],
  ])('takes %s', async (_, changes) => {
    const session = newSession(changes);
    expect(await createSession(wired, session)).toBe(true);
    expect(await findSession(wired, session)).toEqual(session);
    expect(await endSession(wired, session)).toBe(true);
  });

  test('keeps any keys within the limits apart, whatever their characters', async () => {
    const key = fc.string({ unit: anyCharacter, minLength: 1, maxLength: 40 });
    const jti = key.filter((text) => !text.startsWith('#'));
    await fc.assert(
      fc.asyncProperty(key, jti, jti, async (sub, one, other) => {
        fc.pre(one !== other);
        const session = newSession({ sub, jti: one });
        expect(await createSession(store.direct, session)).toBe(true);
        expect(await findSession(store.direct, { sub, jti: other })).toBeNull();
        expect(await endSession(store.direct, { sub, jti: other })).toBe(false);
        expect(await findSession(store.direct, session)).toEqual(session);
        expect(await endSession(store.direct, session)).toBe(true);
      }),
      { numRuns: 20 }, // five requests each, to a server that may be slow,
    );
  });
});

describe('finding a session', () => {
  test('asks once, for the session and its user’s cutoff, strongly consistent', async () => {
    const { sub, jti } = await begin();
    expect(await findSession(wired, { sub, jti })).not.toBeNull();
    expect(store.proxy.requests()).toEqual([
      {
        operation: 'BatchGetItem',
        body: {
          RequestItems: {
            [store.direct.table]: {
              Keys: [
                { sub: { S: sub }, jti: { S: jti } },
                { sub: { S: sub }, jti: { S: '#cutoff' } },
              ],
              ConsistentRead: true,
            },
          },
        },
        fault: 'none',
      },
    ]);
  });

  const sound = {
    sid: { S: 'chain' },
    auth_time: { N: '1767225600000' },
    expires_at: { N: '4000000000' },
  };

  test('reads a row with more attributes, and leaves optional ones of another type out', async () => {
    const keys = { sub: 'alice', jti: randomUUID() };
    await putRow(store.direct, keys.sub, keys.jti, {
      ...sound,
      user_agent: { N: '7' },
      ip: { SS: ['192.0.2.1'] },
      device: { M: { name: { S: 'phone' } } },
    });
    expect(await findSession(wired, keys)).toEqual({
      ...keys,
      sid: 'chain',
      auth_time: 1_767_225_600_000,
      expires_at: 4_000_000_000,
    });
  });

  test.each<[string, string, AttributeValue | undefined]>([
    ['sid', 'missing', undefined],
    ['sid', 'a number', { N: '7' }],
    ['sid', 'no jti', { S: '#cutoff' }],
    ['auth_time', 'missing', undefined],
    ['auth_time', 'text', { S: '1767225600000' }],
    ['auth_time', 'a fraction', { N: '1767225600000.5' }],
    ['auth_time', 'beyond all dates', { N: '90000000000000000000' }],
    ['auth_time', 'in seconds', { N: '1767225600' }],
    ['auth_time', 'an hour ahead of the clock', { N: `${Date.now() + 3_600_000}` }],
    ['expires_at', 'missing', undefined],
    ['expires_at', 'text', { S: '4000000000' }],
    ['expires_at', 'a fraction', { N: '4000000000.25' }],
    ['expires_at', 'beyond all dates', { N: '8640000000001' }],
    ['expires_at', 'null', { NULL: true }],
  ])('calls a row whose %s is %s a fault, which logout does not mind', async (name, _, value) => {
    const keys = { sub: 'alice', jti: randomUUID() };
    const { [name]: _unsound, ...rest }: Record<string, AttributeValue> = sound;
    await putRow(store.direct, keys.sub, keys.jti, value ? { ...rest, [name]: value } : rest);
    const finding = findSession(wired, keys);
    await expect(finding).rejects.toThrow(TypeError);
    await expect(finding).rejects.toThrow(name);
    expect(await endSession(wired, keys)).toBe(true);
  });
});

describe('ending a session', () => {
  test('is one conditional delete', async () => {
    const { sub, jti } = await begin();
    expect(await endSession(wired, { sub, jti })).toBe(true);
    expect(store.proxy.requests()).toEqual([
      {
        operation: 'DeleteItem',
        body: {
          TableName: store.direct.table,
          Key: { sub: { S: sub }, jti: { S: jti } },
          ConditionExpression: 'attribute_exists(jti) AND attribute_not_exists(rotated_to)',
          ReturnValues: 'ALL_OLD',
        },
        fault: 'none',
      },
    ]);
  });

  test('says whether the session was there, and leaves the others of the user', async () => {
    const [session, other] = [await begin(), await begin()];
    expect(await endSession(wired, session)).toBe(true);
    expect(await endSession(wired, session)).toBe(false);
    expect(await findSession(wired, session)).toBeNull();
    expect(await findSession(wired, other)).toEqual(other);
  });

  test.each<FaultName>(['access-denied', 'empty-answer', 'html'])(
    'does not take a session for over that cannot be read: %s',
    async (fault) => {
      const session = newSession();
      await store.proxy.fault(fault, { operation: 'BatchGetItem' });
      await expect(endSession(wired, session)).rejects.toThrow();
      expect(store.operations().slice(0, 2)).toEqual(['DeleteItem', 'BatchGetItem']);
    },
  );
});
