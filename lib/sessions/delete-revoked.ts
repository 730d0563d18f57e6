import { BatchWriteCommand } from '@aws-sdk/lib-dynamodb';
import type { SessionStore } from '../aws/dynamodb.ts';
import { timeBudget, withinBudget } from '../shared/timeouts.ts';
import { isEndedBy, type SessionEpoch } from './cutoff.ts';
import { isSessionRow, queryPage, type Row } from './rows.ts';
import { isEpochTime } from './session.ts';

/** Rows that one BatchWriteItem takes. */
export const SWEEP_ROWS = 25;

/**
 * Deletes rows that an epoch has ended: as many as one query and one batch hold, so that it costs the
 * same for any number of sessions. The rest is left to TTL; nothing depends on either.
 *
 * @returns how many rows were asked to be deleted
 * @throws when the store does not answer in {@link timeBudget}.sweepMs, or refuses
 */
export async function sweepEnded(
  store: SessionStore,
  sub: string,
  epoch: SessionEpoch,
): Promise<number> {
  using budget = withinBudget(timeBudget.sweepMs);
  const { rows } = await queryPage(store, sub, { Limit: SWEEP_ROWS }, budget);
  const ended = rows.filter((row) => isSessionRow(row) && isEndedRow(row, epoch));
  if (ended.length === 0) return 0;
  const requests = ended.map(({ jti }) => ({ DeleteRequest: { Key: { sub, jti } } }));
  await store.client.send(
    new BatchWriteCommand({ RequestItems: { [store.table]: requests } }),
    budget,
  );
  return ended.length;
}

/** A row without what an epoch goes by is left to TTL: it opens nothing, and must not stop the others. */
function isEndedRow({ auth_time, sid }: Row, epoch: SessionEpoch): boolean {
  return (
    isEpochTime(auth_time, 1) && typeof sid === 'string' && isEndedBy(epoch, { auth_time, sid })
  );
}
