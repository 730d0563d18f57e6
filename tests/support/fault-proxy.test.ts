import { once } from 'node:events';
import { connect } from 'node:net';
import { BatchGetCommand, GetCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { FaultName } from '../../support/fault-proxy.ts';
import { issueTestSession } from './signing.ts';
import { openWiredStore, type WiredStore } from './wired-store.ts';

let store: WiredStore;
beforeAll(async () => {
  store = await openWiredStore();
});
afterAll(() => store.close());
beforeEach(() => store.wire.clear());

/** What the raw bytes of a request and of its answer are, past the proxy or around it. */
async function get(endpoint: string, key: Record<string, unknown>) {
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/x-amz-json-1.0',
      'X-Amz-Target': 'DynamoDB_20120810.GetItem',
      'X-Amz-Date': '20260101T000000Z',
      Authorization:
        'AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0',
    },
    body: JSON.stringify({ TableName: store.direct.table, Key: key }),
  });
  return {
    status: response.status,
    type: response.headers.get('content-type'),
    checksum: response.headers.get('x-amz-crc32'),
    body: await response.text(),
  };
}

test('forwards every byte both ways while there is no fault', async () => {
  const { session } = await issueTestSession(store.direct);
  const key = { sub: { S: session.sub }, jti: { S: session.jti } };
  const answer = await get(store.wire.endpoint, key);
  expect(answer.status).toBe(200);
  expect(JSON.parse(answer.body).Item.jti).toEqual({ S: session.jti });
  expect(answer).toEqual(await get(store.direct.endpoint, key));
  expect(await get(store.wire.endpoint, { sub: { S: 'alice' } })).toMatchObject({ status: 400 });
});

test('a fault meets one operation as often as it is told to', async () => {
  const { session } = await issueTestSession(store.direct);
  const ask = () =>
    store.wired.client.send(
      new GetCommand({
        TableName: store.direct.table,
        Key: { sub: session.sub, jti: session.jti },
      }),
    );
  await store.wire.fault('access-denied', { times: 1, operation: 'DeleteItem' });
  await ask();
  await store.wire.fault('access-denied', { times: 1, operation: 'GetItem' });
  await expect(ask()).rejects.toMatchObject({ name: 'AccessDeniedException' });
  await ask();
  expect(store.wire.requests().map(({ fault }) => fault)).toEqual([
    'none',
    'access-denied',
    'none',
  ]);
});

test('a request to no operation of a store is somebody else’s, and not counted', async () => {
  expect(await fetch(store.wire.endpoint)).toMatchObject({ status: 404 });
  expect(store.wire.requests()).toEqual([]);
});

test('a request whose sender gives up halfway is not counted, nor is the wire broken by it', async () => {
  const { port } = new URL(store.wire.endpoint);
  const given = connect(Number(port), '127.0.0.1');
  const head = 'POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: DynamoDB_20120810.GetItem\r\n';
  given.write(`${head}Content-Length: 2\r\n\r\n{`, () => given.resetAndDestroy());
  await once(given, 'close');
  expect(await get(store.wire.endpoint, { sub: { S: 'alice' } })).toMatchObject({ status: 400 });
  expect(store.wire.requests()).toHaveLength(1);
});

test('a refused connection can be neither counted nor told apart', async () => {
  await expect(store.wire.fault('refused', { times: 1 })).rejects.toThrow(RangeError);
});

describe('keys that a BatchGetItem leaves unprocessed', () => {
  test.each<[FaultName, readonly number[]]>([
    ['unprocessed-keys', []],
    ['unprocessed-first-key', [1]],
    ['unprocessed-last-key', [0]],
  ])('%s: are named, and the others answered', async (fault, answered) => {
    const sessions = [
      (await issueTestSession(store.direct)).session,
      (await issueTestSession(store.direct)).session,
    ];
    const Keys = sessions.map(({ sub, jti }) => ({ sub, jti }));
    const ask = async () => {
      const { Responses, UnprocessedKeys } = await store.wired.client.send(
        new BatchGetCommand({
          RequestItems: { [store.direct.table]: { Keys, ConsistentRead: true } },
        }),
      );
      return {
        found: (Responses?.[store.direct.table] ?? []).map(({ jti }) => jti),
        left: UnprocessedKeys?.[store.direct.table]?.Keys ?? [],
      };
    };
    await store.wire.fault(fault, { times: 1 });
    expect(await ask()).toEqual({
      found: answered.map((index) => Keys[index]?.jti),
      left: Keys.filter((_, index) => !answered.includes(index)),
    });
    const { found, left } = await ask();
    expect(found.sort()).toEqual(Keys.map(({ jti }) => jti).sort());
    expect(left).toEqual([]);
  });

  test('leaves other operations alone', async () => {
    const { session } = await issueTestSession(store.direct);
    await store.wire.fault('unprocessed-keys');
    const { Item } = await store.wired.client.send(
      new GetCommand({
        TableName: store.direct.table,
        Key: { sub: session.sub, jti: session.jti },
      }),
    );
    expect(Item?.jti).toBe(session.jti);
  });
});
