import { setTimeout as pause } from 'node:timers/promises';
import { BatchGetCommand, QueryCommand, type QueryCommandInput } from '@aws-sdk/lib-dynamodb';
import { type SessionStore, StoreError } from '../aws/dynamodb.ts';
import { type Deadline, startDeadline, timeouts } from '../shared/timeouts.ts';
import { RESERVED_PREFIX } from './key.ts';

/** Attributes of a row by name, unparsed. */
export type Row = Readonly<Record<string, unknown>>;

/** Whether a row is a session's, not a reserved one such as the cutoff. */
export function isSessionRow({ jti }: Row): boolean {
  return !String(jti).startsWith(RESERVED_PREFIX);
}

/**
 * Reads rows of one user, strongly consistent, in one round trip. Unprocessed keys are asked for
 * again, with growing pauses:
 * https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html
 *
 * @param deadline of the operation of which the read is a step; by default the read has its own
 * @returns the existing rows, by `jti`
 * @throws StoreError also for keys unread after {@link timeouts}.storeMs, and for an answer that DynamoDB
 *   never gives: without rows, as the cutoff would be missed, or with a row that nobody asked for
 */
export async function readRows(
  store: SessionStore,
  sub: string,
  jtis: readonly string[],
  deadline?: Deadline,
): Promise<ReadonlyMap<string, Row>> {
  if (!deadline) {
    using own = startDeadline();
    return await readRows(store, sub, jtis, own);
  }
  const rows = new Map<string, Row>();
  let keys: Record<string, unknown>[] = jtis.map((jti) => ({ sub, jti }));
  for (let pauseMs = timeouts.firstPauseMs; keys.length > 0; pauseMs *= 2) {
    const { Responses, UnprocessedKeys } = await store.client.send(
      new BatchGetCommand({
        RequestItems: { [store.table]: { Keys: keys, ConsistentRead: true } },
      }),
      deadline,
    );
    if (!Responses) throw wrongAnswer('BatchGetItem', store);
    for (const row of Responses[store.table] ?? []) {
      if (row.sub !== sub || !jtis.includes(row.jti)) throw wrongAnswer('BatchGetItem', store);
      rows.set(row.jti, row);
    }
    keys = UnprocessedKeys?.[store.table]?.Keys ?? [];
    if (keys.length > 0)
      await pause(pauseMs, undefined, { signal: deadline.abortSignal }).catch(() => {
        throw new StoreError('BatchGetItem', store.table, 'some keys stayed unprocessed');
      });
  }
  return rows;
}

function wrongAnswer(operation: string, { table }: SessionStore): StoreError {
  return new StoreError(operation, table, 'the answer does not hold the rows that were asked for');
}

/**
 * Reads all rows of one user, strongly consistent, 1 MB per request.
 *
 * @throws StoreError also for an answer without rows: DynamoDB's for a user without rows is an empty list
 */
export async function queryRows(store: SessionStore, sub: string): Promise<readonly Row[]> {
  using deadline = startDeadline();
  const rows: Row[] = [];
  let start: Row | undefined;
  do {
    const page = await queryPage(store, sub, start ? { ExclusiveStartKey: start } : {}, deadline);
    rows.push(...page.rows);
    start = page.next;
  } while (start);
  return rows;
}

/** Reads one page of a user's rows like {@link queryRows}, and the start of the next page. */
export async function queryPage(
  store: SessionStore,
  sub: string,
  range: Pick<QueryCommandInput, 'ExclusiveStartKey' | 'Limit'>,
  deadline: Deadline,
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
    deadline,
  );
  if (!Items?.every((row) => row.sub === sub)) throw wrongAnswer('Query', store);
  return { rows: Items, next: LastEvaluatedKey };
}
