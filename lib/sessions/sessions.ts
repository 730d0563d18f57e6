import { DeleteCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import {
  type SessionLimits,
  type SessionStore,
  StoreError,
  unlessConditionFails,
} from '../aws/dynamodb.ts';
import { type Deadline, startDeadline } from '../shared/timeouts.ts';
import { isActive, isIdle } from './active.ts';
import { CUTOFF_KEY, type Cutoff, parseCutoff } from './cutoff.ts';
import type { SessionKey } from './key.ts';
import { type Row, readRows } from './rows.ts';
import { parseMark, parseSession, type Session } from './session.ts';
import type { FoundSession } from './session-mode.ts';

/** A session row, and the user's cutoff from the same read. */
export interface SessionRead {
  /** Undefined for a missing row. The session may be over. */
  readonly row: Session | undefined;
  readonly cutoff: Cutoff | undefined;
}

/**
 * Reads a session row and the user's cutoff, strongly consistent, in one round trip.
 *
 * @throws InvalidSessionError, or TypeError for the cutoff, for a row that violates the schema
 */
export async function readSession(
  store: SessionStore,
  { sub, jti }: SessionKey,
): Promise<SessionRead> {
  return parseRead(jti, await readRows(store, sub, [jti, CUTOFF_KEY]));
}

/**
 * Finds an active session; null for one that is over or was never there.
 *
 * @throws as {@link readSession}
 */
export async function findSession(
  store: SessionStore,
  key: SessionKey,
  nowMs: number = Date.now(),
): Promise<Session | null> {
  return activeOf(store, await readSession(store, key), nowMs);
}

/** The session of a read, unless the session is over. */
export function activeOf(limits: SessionLimits, read: SessionRead, nowMs: number): Session | null {
  return foundIn(limits, read, nowMs).session ?? null;
}

/** The active session of a read, or the denial. */
export function foundIn(
  limits: SessionLimits,
  { row, cutoff }: SessionRead,
  nowMs: number,
): FoundSession {
  if (!row || !isActive(row, cutoff, nowMs, limits)) return { denial: 'session_ended' };
  return isIdle(row, nowMs, limits) ? { denial: 'session_idle' } : { session: row, cutoff };
}

/**
 * Finds the active session that a session has become by refreshes; null where the token family is over.
 *
 * @throws as {@link readSession}, or when the successors cannot be read in time
 */
export async function findCurrent(
  store: SessionStore,
  { sub, jti }: SessionKey,
  nowMs: number = Date.now(),
): Promise<Session | null> {
  using deadline = startDeadline();
  for (let current = jti; ; ) {
    const rows = await readRows(store, sub, [current, CUTOFF_KEY], deadline);
    const read = parseRead(current, rows);
    if (read.row?.rotated_to === undefined) return activeOf(store, read, nowMs);
    current = read.row.rotated_to;
  }
}

/**
 * Puts the row of a new session.
 *
 * @returns false where a row has the key
 * @throws InvalidSessionError for a session that violates the schema
 */
export async function putSession(store: SessionStore, session: Session): Promise<boolean> {
  const command = new PutCommand({
    TableName: store.table,
    Item: parseSession(session),
    ConditionExpression: 'attribute_not_exists(jti)',
  });
  using deadline = startDeadline();
  return (await unlessConditionFails(store.client.send(command, deadline))) !== null;
}

/**
 * Ends a session and its successors. On return no token of them opens anything.
 *
 * One conditional delete ends a session that no refresh has replaced. Otherwise the successor is ended
 * first and the replaced row is deleted after, so that an interrupted call finds its way when repeated.
 *
 * @returns whether a row was there, for the log only; false after a retried delete whose first
 *   attempt was applied
 * @throws when the store does not answer in time, refuses, or does not return the deleted row
 */
export async function endSession(store: SessionStore, { sub, jti }: SessionKey): Promise<boolean> {
  using deadline = startDeadline();
  const replaced: string[] = [];
  let current = jti;
  let ended = await deleteRow(deadline, store, { sub, jti: current });
  while (!ended) {
    const row = (await readRows(store, sub, [current], deadline)).get(current);
    if (!row) break;
    const successor = parseMark(row);
    if (successor) replaced.push(current);
    current = successor ?? current;
    ended = await deleteRow(deadline, store, { sub, jti: current });
  }
  for (const mark of replaced.reverse())
    await deleteRow(deadline, store, { sub, jti: mark }, 'attribute_exists(jti)');
  return ended;
}

/** Deletes a row and checks the row in the answer, as `{}` proves nothing; false where the condition fails. */
async function deleteRow(
  deadline: Deadline,
  { client, table }: SessionStore,
  { sub, jti }: SessionKey,
  condition = 'attribute_exists(jti) AND attribute_not_exists(rotated_to)',
): Promise<boolean> {
  const command = new DeleteCommand({
    TableName: table,
    Key: { sub, jti },
    ConditionExpression: condition,
    ReturnValues: 'ALL_OLD',
  });
  const deleted = await unlessConditionFails(client.send(command, deadline));
  if (!deleted) return false;
  if (deleted.Attributes?.sub !== sub || deleted.Attributes.jti !== jti)
    throw new StoreError('DeleteItem', table, 'the answer does not hold the deleted session');
  return true;
}

function parseRead(jti: string, rows: ReadonlyMap<string, Row>): SessionRead {
  const row = rows.get(jti);
  const cutoff = parseCutoff(rows.get(CUTOFF_KEY));
  return { row: row && parseSession(row), cutoff };
}
