import { randomUUID } from 'node:crypto';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { describe, expect, test } from '@jest/globals';
import { deleteRevoked, MAX_DELETED_ROWS } from '../../../lib/sessions/delete-revoked.ts';
import { revokeMany } from '../../../lib/sessions/revoke-many.ts';
import { queryRows } from '../../../lib/sessions/rows.ts';
import type { Session } from '../../../lib/sessions/session.ts';
import { useProxiedStore } from '../../support/proxied-store.ts';
import { beginSession, NOW_MS, putRow } from '../../support/session-rows.ts';

const TIME = { N: `${NOW_MS - 1_000}` };

const store = useProxiedStore();

const begin = (sub: string, jti: string, changes: Partial<Session> = {}) =>
  beginSession(store.direct, sub, jti, changes);

/** Keys of all rows of a user, live or not. */
const rowsOf = async (sub: string) => (await queryRows(store.direct, sub)).map(({ jti }) => jti);

const put = (sub: string, jti: string, row: Record<string, AttributeValue>) =>
  putRow(store.direct, sub, jti, row);

describe('sweeping', () => {
  test('deletes what the cutoff ended, and nothing else', async () => {
    const sub = randomUUID();
    const caller = await begin(sub, 'caller');
    for (const jti of ['one', 'two']) await begin(sub, jti);
    const cutoff = await revokeMany(
      store.direct,
      { session: caller, cutoff: undefined },
      'others',
      NOW_MS,
    );
    await begin(sub, 'later', { auth_time: NOW_MS + 1 });
    await begin(sub, 'refreshed', { sid: 'caller' });
    if (!cutoff) throw new Error('A live caller was refused');
    expect(await deleteRevoked(store.proxied, sub, cutoff)).toBe(2);
    expect((await rowsOf(sub)).sort()).toEqual(['#cutoff', 'caller', 'later', 'refreshed']);
    expect(store.operations()).toEqual(['Query', 'BatchWriteItem']);
  });

  test('writes nothing where there is nothing to delete', async () => {
    const sub = randomUUID();
    await begin(sub, 'a');
    expect(
      await deleteRevoked(store.proxied, sub, { revoked_before: NOW_MS, except_sid: 'a' }),
    ).toBe(0);
    expect(store.operations()).toEqual(['Query']);
  });

  test('takes no other row of a reserved key for a session', async () => {
    const sub = randomUUID();
    await begin(sub, 'a');
    await put(sub, '#something-to-come', { sid: { S: 'a' }, auth_time: TIME });
    expect(await deleteRevoked(store.proxied, sub, { revoked_before: NOW_MS })).toBe(1);
    expect(await rowsOf(sub)).toEqual(['#something-to-come']);
  });

  test.each<[string, Record<string, AttributeValue>]>([
    ['sid', { auth_time: TIME }],
    ['auth_time', { sid: { S: 'b' }, auth_time: { S: 'yesterday' } }],
    ['auth_time and no sid', {}],
  ])('leaves a row without a readable %s, and deletes the others', async (_, row) => {
    const sub = randomUUID();
    for (const jti of ['a', 'c', 'mine']) await begin(sub, jti);
    await put(sub, 'b', row);
    expect(
      await deleteRevoked(store.proxied, sub, { revoked_before: NOW_MS, except_sid: 'mine' }),
    ).toBe(2);
    expect(await deleteRevoked(store.proxied, sub, { revoked_before: NOW_MS })).toBe(1);
    expect(await rowsOf(sub)).toEqual(['b']);
  });

  test('needs no end of life, as a cutoff does not', async () => {
    const sub = randomUUID();
    await put(sub, 'a', { sid: { S: 'a' }, auth_time: TIME });
    expect(await deleteRevoked(store.proxied, sub, { revoked_before: NOW_MS })).toBe(1);
    expect(await rowsOf(sub)).toEqual([]);
  });

  test('costs two requests for any number of sessions, and leaves the rest to TTL', async () => {
    const sub = randomUUID();
    for (let index = 0; index < MAX_DELETED_ROWS + 10; index += 1) await begin(sub, `s${index}`);
    expect(await deleteRevoked(store.proxied, sub, { revoked_before: NOW_MS })).toBe(
      MAX_DELETED_ROWS,
    );
    expect(store.operations()).toEqual(['Query', 'BatchWriteItem']);
    expect(await rowsOf(sub)).toHaveLength(10);
  });
});
