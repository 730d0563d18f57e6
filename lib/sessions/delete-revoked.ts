import { BatchWriteCommand } from '@aws-sdk/lib-dynamodb';
import type { SessionStore } from '../aws/dynamodb.ts';
import { startDeadline, timeouts } from '../shared/timeouts.ts';
import { type Cutoff, isRevokedBy } from './cutoff.ts';
import { isSessionRow, queryPage, type Row } from './rows.ts';
import { isEpochTime } from './session.ts';

/** Most rows in one BatchWriteItem. */
export const MAX_DELETED_ROWS = 25;

/**
 * Deletes rows that a cutoff has ended, by one query and one batch, so that the cost is the same for
 * any number of sessions. TTL deletes the rest; correctness depends on neither.
 *
 * @returns the number of rows asked to be deleted
 * @throws when the store refuses or does not answer in {@link timeouts}.deleteRevokedMs
 */
export async function deleteRevoked(
  store: SessionStore,
  sub: string,
  cutoff: Cutoff,
): Promise<number> {
  using deadline = startDeadline(timeouts.deleteRevokedMs);
  const { rows } = await queryPage(store, sub, { Limit: MAX_DELETED_ROWS }, deadline);
  const revoked = rows.filter((row) => isSessionRow(row) && isRevokedRow(row, cutoff));
  if (revoked.length === 0) return 0;
  const requests = revoked.map(({ jti }) => ({ DeleteRequest: { Key: { sub, jti } } }));
  await store.client.send(
    new BatchWriteCommand({ RequestItems: { [store.table]: requests } }),
    deadline,
  );
  return revoked.length;
}

/** Rows without a valid `auth_time` and `sid` are left to TTL: they open nothing. */
function isRevokedRow({ auth_time, sid }: Row, cutoff: Cutoff): boolean {
  return (
    isEpochTime(auth_time, 1) && typeof sid === 'string' && isRevokedBy(cutoff, { auth_time, sid })
  );
}
