import { type AttributeValue, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { DeleteCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import type { SessionStore } from '../../lib/aws/dynamodb.ts';
import { createSession } from '../../lib/login/create-session.ts';
import { queryRows } from '../../lib/sessions/rows.ts';
import type { Session } from '../../lib/sessions/session.ts';

/** The present of tests that give the time to what they test, in epoch milliseconds. */
export const NOW_MS = 1_767_225_600_000;

/** Begins a session a second before NOW_MS, for a minute more, unless told otherwise. */
export async function beginSession(
  store: SessionStore,
  sub: string,
  jti: string,
  changes: Partial<Session> = {},
): Promise<Session> {
  const life = { auth_time: NOW_MS - 1_000, expires_at: NOW_MS / 1_000 + 60 };
  const session = { sub, jti, sid: jti, ...life, ...changes };
  if (!(await createSession(store, session))) throw new Error(`There is a session ${jti}`);
  return session;
}

/** Writes a row in DynamoDB's own notation, as a login service of any language might. */
export async function putRow(
  { client, table }: SessionStore,
  sub: string,
  jti: string,
  row: Readonly<Record<string, AttributeValue>>,
): Promise<void> {
  const Item = { sub: { S: sub }, jti: { S: jti }, ...row };
  await client.send(new PutItemCommand({ TableName: table, Item }));
}

/** Writes a row over the one of its key, with values that no code here writes. */
export async function writeRow(
  { client, table }: SessionStore,
  Item: Readonly<Record<string, unknown>>,
): Promise<void> {
  await client.send(new PutCommand({ TableName: table, Item }));
}

/** Deletes a user's expired rows, as TTL does some time. */
export async function deleteExpired(
  store: SessionStore,
  sub: string,
  nowMs: number,
): Promise<void> {
  for (const { jti, expires_at } of await queryRows(store, sub))
    if (expires_at !== undefined && Number(expires_at) * 1_000 <= nowMs)
      await store.client.send(new DeleteCommand({ TableName: store.table, Key: { sub, jti } }));
}
