import { BatchWriteCommand } from '@aws-sdk/lib-dynamodb';
import type { SessionStore } from '../aws/dynamodb.ts';
import { startDeadline, timeouts } from '../shared/timeouts.ts';
import { type Cutoff, isRevokedBy } from './cutoff.ts';
import { isSessionRow, queryPage, type Row } from './rows.ts';
import { isEpochTime } from './session.ts';

/** Rows that one BatchWriteItem takes. */
export const MAX_DELETED_ROWS = 25;

/**
 * Deletes rows that a cutoff has ended: as many as one query and one batch hold, so that it costs the
 * same for any number of sessions. The rest is left to TTL; nothing depends on either.
 *
 * @returns how many rows were asked to be deleted
 * @throws when the store does not answer in {@link timeouts}.deleteRevokedMs, or refuses
 */
export async function deleteRevoked(
  store: SessionStore,
  sub: string,
  cutoff: Cutoff,
): Promise<number> {
  using deadline = startDeadline(timeouts.deleteRevokedMs);
  const { rows } = await queryPage(store, sub, { Limit: MAX_DELETED_ROWS }, deadline);
  const ended = rows.filter((row) => isSessionRow(row) && isRevokedRow(row, cutoff));
  if (ended.length === 0) return 0;
  const requests = ended.map(({ jti }) => ({ DeleteRequest: { Key: { sub, jti } } }));
  await store.client.send(
    new BatchWriteCommand({ RequestItems: { [store.table]: requests } }),
    deadline,
  );
  return ended.length;
}

/** A row without what a cutoff goes by is left to TTL: it opens nothing, and must not stop the others. */
function isRevokedRow({ auth_time, sid }: Row, cutoff: Cutoff): boolean {
  return (
    isEpochTime(auth_time, 1) && typeof sid === 'string' && isRevokedBy(cutoff, { auth_time, sid })
  );
}
