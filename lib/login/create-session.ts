import { isDeepStrictEqual } from 'node:util';
import { DeleteCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { type SessionStore, StoreError, unlessConditionFails } from '../aws/dynamodb.ts';
import type { SessionKey } from '../sessions/key.ts';
import { readRows } from '../sessions/rows.ts';
import { parseSession, type Session } from '../sessions/session.ts';
import { activeOf, findSession, putSession, readSession } from '../sessions/sessions.ts';
import { startDeadline } from '../shared/timeouts.ts';

/**
 * Puts the row of a new session.
 *
 * @returns false where another session has the key; true where the row is this very session, as after
 *   a retry whose first attempt was applied
 * @throws InvalidSessionError for a session that violates the schema
 */
export async function createSession(store: SessionStore, session: Session): Promise<boolean> {
  const item = parseSession(session);
  if (await putSession(store, item)) return true;
  const row = (await readRows(store, item.sub, [item.jti])).get(item.jti);
  return row !== undefined && isDeepStrictEqual(row, item);
}

/** Attributes of a refreshed session. `sub`, `sid` and `auth_time` are inherited whatever these say. */
export type Rotation = Partial<Session> & Pick<Session, 'jti' | 'expires_at'>;

/**
 * Replaces a session by a successor: puts the successor, then marks the old row with the
 * successor's `jti`. The successor inherits `auth_time`, `sid` and `idp_sid`, so a cutoff ends both.
 *
 * Of racing refreshes one sets the mark; the others delete their own successors and return the
 * marked one, within the reuse interval. A process that dies between the two writes leaves a row that no
 * token names.
 *
 * @param nowMs epoch milliseconds
 * @param reuseMs how long another refresh of the same token gets the same successor, in milliseconds
 * @returns null where the old session is over, or its successor can no longer be handed out
 * @throws TypeError, before any write, for a rotation that cannot be stored or keeps the `jti`
 * @throws Error when the new `jti` is taken
 */
export async function rotateSession(
  store: SessionStore,
  key: SessionKey,
  rotation: Rotation,
  nowMs: number = Date.now(),
  reuseMs = 0,
): Promise<Session | null> {
  const read = await readSession(store, key);
  if (read.row?.rotated_to !== undefined) return successorOf(store, read.row, nowMs);
  const old = activeOf(store, read, nowMs);
  if (!old) return null;
  const { sub, sid, auth_time } = old;
  const successor = parseSession({ ...old, ...rotation, sub, sid, auth_time });
  // A token with the same jti would survive its own rotation.
  if (successor.jti === old.jti)
    throw new TypeError('The refreshed session’s jti must be a new one');
  if (!(await createSession(store, successor)))
    throw new Error('A session with this sub and jti exists already');
  // Without reuse, not even a racing refresh whose clock is behind gets the successor.
  const reusableUntilMs = reuseMs === 0 ? 0 : nowMs + reuseMs;
  if (await markRotated(store, old, successor, reusableUntilMs)) return successor;
  const { row } = await readSession(store, old);
  // A lost answer: the mark was set by this very call.
  if (row?.rotated_to === successor.jti) return successor;
  await deleteSuccessor(store, successor);
  return row ? successorOf(store, row, nowMs) : null;
}

/** The successor that another refresh created, unless refreshed again or out of the reuse interval. */
async function successorOf(
  store: SessionStore,
  { sub, rotated_to, reusable_until = 0 }: Session,
  nowMs: number,
): Promise<Session | null> {
  if (rotated_to === undefined || nowMs >= reusable_until) return null;
  return findSession(store, { sub, jti: rotated_to }, nowMs);
}

/**
 * Marks a row as replaced, unless a refresh has replaced or a logout has ended it. The mark lives at least
 * as long as the successor, so that a logout with the old token finds the successor, and never shorter than
 * before: SESSIONS=adopted would adopt the old token again.
 *
 * @returns false where the condition fails
 */
async function markRotated(
  store: SessionStore,
  { sub, jti, expires_at }: Session,
  successor: Session,
  reusableUntilMs: number,
): Promise<boolean> {
  const command = new UpdateCommand({
    TableName: store.table,
    Key: { sub, jti },
    UpdateExpression: 'SET rotated_to = :jti, reusable_until = :until, expires_at = :expires',
    ConditionExpression:
      'attribute_exists(jti) AND attribute_not_exists(rotated_to) AND attribute_not_exists(ended_at)',
    ExpressionAttributeValues: {
      ':jti': successor.jti,
      ':until': reusableUntilMs,
      ':expires': Math.max(expires_at, successor.expires_at),
    },
    ReturnValues: 'ALL_NEW',
  });
  using deadline = startDeadline();
  const output = await unlessConditionFails(store.client.send(command, deadline));
  if (output && output.Attributes?.rotated_to !== successor.jti)
    throw new StoreError('UpdateItem', store.table, 'the answer does not hold the mark');
  return output !== null;
}

async function deleteSuccessor(store: SessionStore, { sub, jti }: SessionKey): Promise<void> {
  const command = new DeleteCommand({ TableName: store.table, Key: { sub, jti } });
  using deadline = startDeadline();
  await store.client.send(command, deadline);
}
