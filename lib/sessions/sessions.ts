import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { DeleteCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import type { SessionStore } from '../aws/dynamodb.ts';
import { startDeadline } from '../shared/timeouts.ts';
import { CUTOFF_KEY, isLive, parseOptionalCutoff } from './cutoff.ts';
import type { SessionKey } from './key.ts';
import { type Row, readRows } from './rows.ts';
import { parseSession, type Session } from './session.ts';

/**
 * Creates a session, unless its row is there already.
 *
 * @returns false when another session has this `sub` and `jti`; true also when the row that is there
 *   is this very one, as after a retry whose first attempt had been applied
 * @throws TypeError when the session could not be found again by its token
 */
export async function createSession(store: SessionStore, session: Session): Promise<boolean> {
  const item = parseSession(session);
  using deadline = startDeadline();
  try {
    await store.client.send(
      new PutCommand({
        TableName: store.table,
        Item: item,
        ConditionExpression: 'attribute_not_exists(jti)',
      }),
      deadline,
    );
    return true;
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
    const there = (await readRows(store, item.sub, [item.jti])).get(item.jti);
    return there !== undefined && sameItem(item, there);
  }
}

/**
 * Finds a live session: the check of every protected endpoint, in one strongly consistent round trip
 * that reads the session and its user's cutoff. One that was ended is not found from then on.
 *
 * @param nowMs epoch milliseconds
 * @returns null when there is no such session, a cutoff has ended it, or its life is over (TTL deletes
 *   rows days late)
 * @throws InvalidSessionError, or TypeError for the cutoff, when a row was not written as README.md asks of login services
 */
export async function findSession(
  store: SessionStore,
  { sub, jti }: SessionKey,
  nowMs: number = Date.now(),
): Promise<Session | null> {
  const rows = await readRows(store, sub, [jti, CUTOFF_KEY]);
  const row = rows.get(jti);
  if (!row) return null;
  const session = parseSession(row);
  return isLive(session, parseOptionalCutoff(rows.get(CUTOFF_KEY)), nowMs) ? session : null;
}

/**
 * Ends a session, in one conditional delete. Once this returns, the session is gone.
 *
 * The deleted row is asked for as the proof: a bare success could have been said by anything on the
 * way, and DynamoDB's own is the empty object.
 *
 * @returns whether it was there; for the log only. Also false after a retry whose first attempt had
 *   been applied, as the two can't be told apart.
 * @throws when the store does not answer, refuses, or its answer does not hold the deleted row
 */
export async function endSession(store: SessionStore, { sub, jti }: SessionKey): Promise<boolean> {
  using deadline = startDeadline();
  try {
    const { Attributes } = await store.client.send(
      new DeleteCommand({
        TableName: store.table,
        Key: { sub, jti },
        ConditionExpression: 'attribute_exists(jti)',
        ReturnValues: 'ALL_OLD',
      }),
      deadline,
    );
    if (Attributes?.sub !== sub || Attributes.jti !== jti)
      throw new Error('The store’s answer to a delete does not hold the deleted session');
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw error;
  }
}

/** What a refresh changes; the device, where it is not given, and the rest are inherited. */
export type Rotation = Pick<Session, 'jti' | 'expires_at'> &
  Partial<Pick<Session, 'user_agent' | 'ip'>>;

/**
 * Replaces a session by the one of a refreshed token. `auth_time` and `sid` are inherited, so that a
 * logout of many sessions that races with this ends the new one as it would have ended the old one.
 *
 * The old row is deleted first, by condition, so that only one of several racing refreshes goes on;
 * should the process die between the two writes, the user has to log in again.
 *
 * @returns null when the old session is not alive, or another refresh or logout was faster. Also after
 *   a delete whose answer was lost and which was tried again: nobody can know then who deleted it.
 * @throws TypeError, before anything is written, for a rotation that can't be stored or keeps the `jti`
 * @throws Error when the new `jti` is taken
 */
export async function rotateSession(
  store: SessionStore,
  reference: SessionKey,
  rotation: Rotation,
  nowMs: number = Date.now(),
): Promise<Session | null> {
  const old = await findSession(store, reference, nowMs);
  if (!old) return null;
  const { sub, sid, auth_time } = old;
  const session = parseSession({ ...old, ...rotation, sub, sid, auth_time });
  // The old token would live on.
  if (session.jti === old.jti) throw new TypeError('The refreshed session’s jti must be a new one');
  if (!(await endSession(store, old))) return null;
  if (!(await createSession(store, session)))
    throw new Error('A session with this sub and jti exists already');
  return session;
}

function sameItem(one: Session, other: Row): boolean {
  const entries = Object.entries(one);
  return (
    entries.length === Object.keys(other).length &&
    entries.every(([name, value]) => other[name] === value)
  );
}
