import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { DeleteCommand, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { type SessionStore, withinBudget } from './dynamodb.ts';
import { type SessionReference, sessionReference } from './session-reference.ts';

/** One row of the session table: a token that may be used. */
export interface Session extends SessionReference {
  /** The chain of tokens that this one belongs to: the first `jti` of the chain. */
  readonly sid: string;
  /** When the user authenticated, in epoch milliseconds. */
  readonly auth_time: number;
  /** End of life, in epoch seconds; DynamoDB's TTL attribute. */
  readonly expires_at: number;
  readonly user_agent?: string;
  readonly ip?: string;
}

/**
 * Creates a session, unless its row is there already.
 *
 * @returns false when another session has this `sub` and `jti`; true also when the row that is there
 *   is this very one, as after a retry whose first attempt had been applied
 * @throws TypeError when the session could not be found again by its token
 */
export async function createSession(store: SessionStore, session: Session): Promise<boolean> {
  const item = validSession(session);
  try {
    await store.client.send(
      new PutCommand({
        TableName: store.table,
        Item: item,
        ConditionExpression: 'attribute_not_exists(jti)',
      }),
      withinBudget(),
    );
    return true;
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
    const there = await readRow(store, session);
    return there !== undefined && sameItem(item, there);
  }
}

/**
 * Finds a live session, strongly consistent: one that was ended is not found from then on.
 *
 * @param nowMs epoch milliseconds
 * @returns null when there is no such session, or its life is over (TTL deletes rows days late)
 * @throws TypeError when the row was not written as README.md asks of login services
 */
export async function findSession(
  store: SessionStore,
  reference: SessionReference,
  nowMs: number = Date.now(),
): Promise<Session | null> {
  const row = await readRow(store, reference);
  if (!row) return null;
  const session = validSession(row);
  return session.expires_at * 1_000 > nowMs ? session : null;
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
export async function endSession(
  store: SessionStore,
  { sub, jti }: SessionReference,
): Promise<boolean> {
  try {
    const { Attributes } = await store.client.send(
      new DeleteCommand({
        TableName: store.table,
        Key: { sub, jti },
        ConditionExpression: 'attribute_exists(jti)',
        ReturnValues: 'ALL_OLD',
      }),
      withinBudget(),
    );
    if (Attributes?.sub !== sub || Attributes.jti !== jti)
      throw new Error('The store’s answer to a delete does not hold the deleted session');
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw error;
  }
}

async function readRow(
  store: SessionStore,
  { sub, jti }: SessionReference,
): Promise<Record<string, unknown> | undefined> {
  const { Item } = await store.client.send(
    new GetCommand({ TableName: store.table, Key: { sub, jti }, ConsistentRead: true }),
    withinBudget(),
  );
  return Item;
}

/** The last instant that a JavaScript date can hold, in epoch milliseconds. */
const MAX_EPOCH_MS = 8.64e15;

/** Parses a row, which any login service may have written, into a session. */
function validSession(row: object): Session {
  const {
    sub,
    jti,
    sid,
    auth_time,
    expires_at,
    user_agent,
    ip,
  }: Partial<Record<keyof Session, unknown>> = row;
  const reference = sessionReference({ sub, jti });
  if (!reference || sub === undefined) throw invalid('sub and jti', 'keys of README.md’s limits');
  if (typeof sid !== 'string' || !sessionReference({ jti: sid }))
    throw invalid('sid', 'the jti of a session');
  if (!isEpoch(auth_time, 1)) throw invalid('auth_time', 'a whole number of epoch milliseconds');
  if (!isEpoch(expires_at, 1_000)) throw invalid('expires_at', 'a whole number of epoch seconds');
  return {
    ...reference,
    sid,
    auth_time,
    expires_at,
    ...(typeof user_agent === 'string' ? { user_agent } : {}),
    ...(typeof ip === 'string' ? { ip } : {}),
  };
}

function isEpoch(value: unknown, unitMs: number): value is number {
  return Number.isInteger(value) && Math.abs(Number(value) * unitMs) <= MAX_EPOCH_MS;
}

function invalid(attribute: string, expected: string): TypeError {
  return new TypeError(`The session's ${attribute} must be ${expected}`);
}

function sameItem(one: Session, other: object): boolean {
  const entries = Object.entries(one);
  const others = new Map<string, unknown>(Object.entries(other));
  return (
    entries.length === others.size && entries.every(([name, value]) => others.get(name) === value)
  );
}
