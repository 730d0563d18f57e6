import { BatchWriteCommand, QueryCommand, type QueryCommandInput } from '@aws-sdk/lib-dynamodb';
import { type SessionStore, withinBudget } from './dynamodb.ts';
import type { Row } from './rows.ts';
import { parseSession, type Session } from './session.ts';
import { EPOCH_KEY, isEndedBy, parseEpoch, type SessionEpoch } from './session-epoch.ts';
import { RESERVED_PREFIX } from './session-reference.ts';
import { timeBudget } from './time-budget.ts';

/** Where a page of the list ends: the order is by `auth_time`, newest first, then by `jti`. */
export type Position = Pick<Session, 'auth_time' | 'jti'>;

/**
 * Lists a user's live sessions, newest first, strongly consistent.
 *
 * The table is ordered by `jti`, so every page reads all rows of the user (1 MB a request, 10,000
 * sessions are some 2 MB): an index by time would double the cost of every log-in and log-out.
 *
 * @param after the end of the page before; only a position in this user's own list
 * @param limit sessions on the page
 * @returns the page, and where it ends unless it is the last
 */
export async function listSessions(
  store: SessionStore,
  sub: string,
  { limit, after }: { readonly limit: number; readonly after?: Position | undefined },
  nowMs: number = Date.now(),
): Promise<{ readonly sessions: readonly Session[]; readonly next: Position | null }> {
  const rows = await queryRows(store, sub);
  const epochRow = rows.find(({ jti }) => jti === EPOCH_KEY);
  const epoch = epochRow && parseEpoch(epochRow);
  const live = parseSessions(rows)
    .filter((session) => session.expires_at * 1_000 > nowMs && !isEndedBy(epoch, session))
    .filter((session) => after === undefined || compare(after, session) < 0)
    .sort(compare);
  const sessions = live.slice(0, limit);
  const last = sessions.at(-1);
  return { sessions, next: last && live.length > limit ? last : null };
}

function compare(one: Position, other: Position): number {
  return (
    other.auth_time - one.auth_time || (one.jti < other.jti ? -1 : Number(one.jti > other.jti))
  );
}

/** Leaves out the rows that are no sessions, such as the epoch's. */
function parseSessions(rows: readonly Row[]): readonly Session[] {
  return rows.filter(({ jti }) => !String(jti).startsWith(RESERVED_PREFIX)).map(parseSession);
}

async function queryRows(store: SessionStore, sub: string): Promise<readonly Row[]> {
  const { abortSignal } = withinBudget();
  const rows: Row[] = [];
  let start: Row | undefined;
  do {
    const page = await queryPage(
      store,
      sub,
      start ? { ExclusiveStartKey: start } : {},
      abortSignal,
    );
    rows.push(...page.rows);
    start = page.next;
  } while (start);
  return rows;
}

async function queryPage(
  store: SessionStore,
  sub: string,
  range: Pick<QueryCommandInput, 'ExclusiveStartKey' | 'Limit'>,
  abortSignal: AbortSignal,
): Promise<{ readonly rows: readonly Row[]; readonly next: Row | undefined }> {
  const { Items, LastEvaluatedKey } = await store.client.send(
    new QueryCommand({
      TableName: store.table,
      KeyConditionExpression: '#sub = :sub',
      ExpressionAttributeNames: { '#sub': 'sub' },
      ExpressionAttributeValues: { ':sub': sub },
      ConsistentRead: true,
      ...range,
    }),
    { abortSignal },
  );
  // DynamoDB says that there are no rows with an empty list, never without one.
  if (!Items) throw new Error('The store’s answer to a query does not hold any rows');
  return { rows: Items, next: LastEvaluatedKey };
}

/** Rows that one BatchWriteItem takes. */
export const SWEEP_ROWS = 25;

/**
 * Deletes rows that an epoch has ended: as many as one query and one batch hold, so that it costs the
 * same for any number of sessions. The rest is left to TTL; nothing depends on either.
 *
 * @returns how many rows were asked to be deleted
 */
export async function sweepEnded(
  store: SessionStore,
  sub: string,
  epoch: SessionEpoch,
): Promise<number> {
  const abortSignal = AbortSignal.timeout(timeBudget.sweepMs);
  const { rows } = await queryPage(store, sub, { Limit: SWEEP_ROWS }, abortSignal);
  const ended = parseSessions(rows).filter((session) => isEndedBy(epoch, session));
  if (ended.length === 0) return 0;
  const requests = ended.map(({ jti }) => ({ DeleteRequest: { Key: { sub, jti } } }));
  await store.client.send(new BatchWriteCommand({ RequestItems: { [store.table]: requests } }), {
    abortSignal,
  });
  return ended.length;
}
