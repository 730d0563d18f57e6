import { randomUUID } from 'node:crypto';
import { setImmediate as settle } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { deleteRevoked } from '../../../lib/sessions/delete-revoked.ts';
import { queryRows, readRows } from '../../../lib/sessions/rows.ts';
import type { FaultName } from '../../../support/fault-proxy.ts';
import { useProxiedStore } from '../../support/proxied-store.ts';
import { issueTestSession } from '../../support/signing.ts';

const store = useProxiedStore();

/** A user with two rows. */
async function twoRows() {
  const sub = randomUUID();
  for (const jti of ['a', 'b']) await issueTestSession(store.direct, { sub, jti });
  return { sub, jtis: ['a', 'b'] };
}

/** The sort keys of each request on the wire, and whether it was strongly consistent. */
function asked() {
  return store.proxy.requests().map(({ operation, body }) => {
    const { Keys, ConsistentRead } = JSON.parse(JSON.stringify(body)).RequestItems[
      store.direct.table
    ];
    const jtis: string[] = Keys.map(({ jti }: { jti: { S: string } }) => jti.S);
    return { operation, jtis, ConsistentRead };
  });
}

test('reads the rows that are there in one strongly consistent request, and says nothing of others', async () => {
  const { sub } = await twoRows();
  const rows = await readRows(store.proxied, sub, ['b', 'missing', 'a']);
  expect([...rows.keys()].sort()).toEqual(['a', 'b']);
  expect(rows.get('a')).toMatchObject({ sub, jti: 'a', sid: 'a' });
  expect(asked()).toEqual([
    { operation: 'BatchGetItem', jtis: ['b', 'missing', 'a'], ConsistentRead: true },
  ]);
});

test('reads no rows of another user', async () => {
  const { jtis } = await twoRows();
  expect((await readRows(store.proxied, randomUUID(), jtis)).size).toBe(0);
});

test.each<[FaultName, string[]]>([
  ['unprocessed-keys', ['a', 'b']],
  ['unprocessed-first-key', ['a']],
  ['unprocessed-last-key', ['b']],
])('asks again, as strongly, for what DynamoDB left (%s, once)', async (fault, left) => {
  const { sub, jtis } = await twoRows();
  await store.proxy.fault(fault, { times: 1 });
  const rows = await readRows(store.proxied, sub, jtis);
  expect([...rows.keys()].sort()).toEqual(jtis);
  expect(asked()).toEqual([
    { operation: 'BatchGetItem', jtis, ConsistentRead: true },
    { operation: 'BatchGetItem', jtis: left, ConsistentRead: true },
  ]);
});

test('asks as often as it takes within its time', async () => {
  const { sub, jtis } = await twoRows();
  await store.proxy.fault('unprocessed-keys', { times: 4 });
  expect((await readRows(store.proxied, sub, jtis)).size).toBe(2);
  expect(asked()).toHaveLength(5);
});

test('takes an answer that speaks of no rows for a fault, not for rows that are not there', async () => {
  const { sub, jtis } = await twoRows();
  await store.proxy.fault('empty-answer');
  await expect(readRows(store.proxied, sub, jtis)).rejects.toThrow('does not hold the rows');
});

test('takes it for one also when it is asked again for what was left', async () => {
  const { sub, jtis } = await twoRows();
  await store.proxy.fault('unprocessed-last-key');
  const failed = expect(readRows(store.proxied, sub, jtis)).rejects.toThrow(
    'does not hold the rows',
  );
  while (asked().length === 0) await settle();
  await store.proxy.fault('empty-answer');
  await failed;
});

test('takes rows that nobody asked for for a fault: another user’s, or another session’s', async () => {
  const { sub, jtis } = await twoRows();
  const message = `on the table ${store.direct.table} failed: the answer does not hold the rows`;
  await store.proxy.fault('foreign-rows');
  await expect(readRows(store.proxied, sub, jtis)).rejects.toThrow(`BatchGetItem ${message}`);
  await expect(queryRows(store.proxied, sub)).rejects.toThrow(`Query ${message}`);
  await expect(deleteRevoked(store.proxied, sub, { revoked_before: Date.now() })).rejects.toThrow(
    `Query ${message}`,
  );
  expect(store.operations()).not.toContain('BatchWriteItem');
  await store.proxy.fault('other-sessions');
  await expect(readRows(store.proxied, sub, jtis)).rejects.toThrow(`BatchGetItem ${message}`);
});
