import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { ScopeOfMany } from '../auth/logout-scope.ts';
import type { SessionStore } from '../aws/dynamodb.ts';
import { withinBudget } from '../shared/timeouts.ts';
import {
  EPOCH_KEY,
  isEndedBy,
  parseEpoch,
  parseOptionalEpoch,
  type SessionEpoch,
} from './cutoff.ts';
import { readRows } from './rows.ts';
import type { Session } from './session.ts';

/** Attempts to write an epoch while others of the same user are being written. */
const MAX_ATTEMPTS = 4;

/**
 * Ends a user's sessions with one write, however many there are: those whose user authenticated until
 * now. It holds for rows that are there, and for those that a racing refresh is about to write.
 *
 * Two rules make it hold beside other calls like it. An epoch never moves back, or it would revive what
 * an earlier one ended. And it is written only while the caller itself is not ended: of two devices that
 * each log out the other, one wins and the other is told so.
 *
 * @param caller the live session that asks for it
 * @param nowMs epoch milliseconds
 * @returns the epoch that holds from now on, or null when the caller's session has been ended meanwhile
 * @throws when the store does not answer, refuses, or its answer does not hold the epoch
 */
export async function logOutMany(
  store: SessionStore,
  caller: Session,
  scope: ScopeOfMany,
  nowMs: number = Date.now(),
): Promise<SessionEpoch | null> {
  // A login service's clock may run ahead of ours; its own session has to be covered all the same.
  let notBefore = Math.max(nowMs, caller.auth_time);
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const epoch = {
      not_before: notBefore,
      ...(scope === 'others' ? { keep: caller.sid } : {}),
    };
    if (await writeEpoch(store, caller, epoch)) return epoch;
    const there = await readEpoch(store, caller.sub);
    // Such as our own write: when its answer was lost, it fails its own condition the second time.
    if (there && covers(there, epoch)) return there;
    if (isEndedBy(there, caller)) return null;
    notBefore = Math.max(notBefore, there?.not_before ?? notBefore);
  }
  throw new Error(`The epoch was still being rewritten after ${MAX_ATTEMPTS} attempts`);
}

/** Whether one epoch ends all that another would, and spares no other chain. */
function covers(one: SessionEpoch, other: SessionEpoch): boolean {
  return one.not_before >= other.not_before && one.keep === other.keep;
}

/**
 * The row is asked for as the proof, as a delete's is: a bare success could have been said by anything
 * on the way.
 */
async function writeEpoch(
  store: SessionStore,
  caller: Session,
  epoch: SessionEpoch,
): Promise<boolean> {
  using budget = withinBudget();
  try {
    const { Attributes } = await store.client.send(
      new UpdateCommand({
        TableName: store.table,
        Key: { sub: caller.sub, jti: EPOCH_KEY },
        // No expires_at: were it gone before the sessions that it ended, they would live again.
        UpdateExpression:
          epoch.keep === undefined ? 'SET #nb = :new REMOVE #keep' : 'SET #nb = :new, #keep = :sid',
        ConditionExpression:
          'attribute_not_exists(jti) OR (#nb <= :new AND (#nb < :authenticated OR #keep = :sid))',
        ExpressionAttributeNames: { '#nb': 'not_before', '#keep': 'keep' },
        ExpressionAttributeValues: {
          ':new': epoch.not_before,
          ':authenticated': caller.auth_time,
          ':sid': caller.sid,
        },
        ReturnValues: 'ALL_NEW',
      }),
      budget,
    );
    if (!Attributes || !covers(parseEpoch(Attributes), epoch))
      throw new Error('The store’s answer to a write does not hold the epoch');
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw error;
  }
}

async function readEpoch(store: SessionStore, sub: string): Promise<SessionEpoch | undefined> {
  return parseOptionalEpoch((await readRows(store, sub, [EPOCH_KEY])).get(EPOCH_KEY));
}
