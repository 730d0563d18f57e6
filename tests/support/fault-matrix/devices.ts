import { randomUUID } from 'node:crypto';
import { BatchGetCommand, BatchWriteCommand } from '@aws-sdk/lib-dynamodb';
import type { SessionStore } from '../../../lib/aws/dynamodb.ts';
import { newSession, type Signer, signSession } from '../../../lib/login/issue.ts';
import { CUTOFF_KEY, parseCutoff } from '../../../lib/sessions/cutoff.ts';
import { parseSession, type Session } from '../../../lib/sessions/session.ts';
import { activeOf } from '../../../lib/sessions/sessions.ts';
import type { Devices, Endpoint } from './endpoints.ts';
import type { Alive } from './evaluate.ts';

/** A live session, a session whose row is deleted, and a session whose row a cutoff covers. */
export type Asker = 'live' | 'deleted' | 'ended';

/** A user who asks once. */
export interface User {
  readonly asker: Asker;
  /** No row of the asker's session has been written, and it is alive. */
  readonly isUnseen: boolean;
  readonly devices: Devices;
}

/** DynamoDB's limits of a request. */
const WRITTEN_AT_ONCE = 25;
const READ_AT_ONCE = 100;

/** Makes a user's sessions and token, but writes no row. */
export async function newUser(asker: Asker, signer: Signer, endpoint: Endpoint): Promise<User> {
  const request = { sub: randomUUID(), ttlSeconds: 3_600 };
  const now = Date.now();
  const session = newSession(request, now);
  // A cutoff that ends the asker's session leaves it.
  const other = newSession(request, now + 1);
  const token = await signSession(signer, session, {}, now);
  const devices = { asker: session, other, token, signer };
  return { asker, isUnseen: endpoint.isUnseen === true, devices };
}

/** Writes the rows of users, around the proxies. */
export async function writeRows(
  { client, table }: SessionStore,
  users: readonly User[],
): Promise<void> {
  const rows = users.flatMap(({ asker, isUnseen, devices }) => {
    const { sub, auth_time } = devices.asker;
    return [
      devices.other,
      ...(asker === 'deleted' || isUnseen ? [] : [devices.asker]),
      ...(asker === 'ended' ? [{ sub, jti: CUTOFF_KEY, revoked_before: auth_time }] : []),
    ];
  });
  const puts = rows.map((Item) => ({ PutRequest: { Item } }));
  await inBatches(puts, WRITTEN_AT_ONCE, async (batch) => {
    const command = new BatchWriteCommand({ RequestItems: { [table]: batch } });
    const { UnprocessedItems } = await client.send(command);
    if (UnprocessedItems?.[table]) throw new Error('Some rows were not written');
    return [];
  });
}

/** Reads which sessions of users are alive, around the proxies. */
export async function readAlive(
  store: SessionStore,
  users: readonly User[],
): Promise<ReadonlyMap<User, Alive>> {
  const { client, table } = store;
  const keys = users.flatMap(({ devices: { asker, other } }) =>
    [asker.jti, other.jti, CUTOFF_KEY].map((jti) => ({ sub: asker.sub, jti })),
  );
  const read = await inBatches(keys, READ_AT_ONCE, async (Keys) => {
    const tables = { [table]: { Keys, ConsistentRead: true } };
    const { Responses, UnprocessedKeys } = await client.send(
      new BatchGetCommand({ RequestItems: tables }),
    );
    if (UnprocessedKeys?.[table]) throw new Error('Some rows were not read');
    return Responses?.[table] ?? [];
  });
  const rows = new Map(read.map((row) => [`${row.sub} ${row.jti}`, row]));
  const isAlive = ({ sub, jti }: Session) => {
    const row = rows.get(`${sub} ${jti}`);
    const cutoff = parseCutoff(rows.get(`${sub} ${CUTOFF_KEY}`));
    return activeOf(store, { row: row && parseSession(row), cutoff }, Date.now()) !== null;
  };
  return new Map(
    users.map((user) => {
      const { asker, other } = user.devices;
      // A session that no check has met needs no row.
      const isUnmet = user.isUnseen && !rows.has(`${asker.sub} ${asker.jti}`);
      return [user, { asker: isUnmet || isAlive(asker), other: isAlive(other) }];
    }),
  );
}

async function inBatches<Item, Result>(
  items: readonly Item[],
  size: number,
  send: (batch: Item[]) => Promise<readonly Result[]>,
): Promise<readonly Result[]> {
  const starts = Array.from({ length: Math.ceil(items.length / size) }, (_, index) => index * size);
  const results = await Promise.all(starts.map((at) => send(items.slice(at, at + size))));
  return results.flat();
}
