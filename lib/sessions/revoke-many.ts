import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { SessionStore } from '../aws/dynamodb.ts';
import { startDeadline } from '../shared/timeouts.ts';
import {
  CUTOFF_KEY,
  type Cutoff,
  isRevokedBy,
  parseCutoff,
  parseOptionalCutoff,
} from './cutoff.ts';
import { readRows } from './rows.ts';
import type { Session } from './session.ts';

/** `others` spares the caller's token family; `everywhere` ends that as well. */
export type RevokeScope = 'others' | 'everywhere';

/** Attempts to write a cutoff while others of the same user are being written. */
const MAX_ATTEMPTS = 4;

/**
 * Ends a user's sessions with one write, however many there are: those whose user authenticated until
 * now. It holds for rows that are there, and for those that a racing refresh is about to write.
 *
 * Two rules make it hold beside other calls like it. A cutoff never moves back, or it would revive what
 * an earlier one ended. And it is written only while the caller itself is not ended: of two devices that
 * each log out the other, one wins and the other is told so.
 *
 * @param caller the live session that asks for it
 * @param nowMs epoch milliseconds
 * @returns the cutoff that holds from now on, or null when the caller's session has been ended meanwhile
 * @throws when the store does not answer, refuses, or its answer does not hold the cutoff
 */
export async function revokeMany(
  store: SessionStore,
  caller: Session,
  scope: RevokeScope,
  nowMs: number = Date.now(),
): Promise<Cutoff | null> {
  // A login service's clock may run ahead of ours; its own session has to be covered all the same.
  let revokedBefore = Math.max(nowMs, caller.auth_time);
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const cutoff = {
      revoked_before: revokedBefore,
      ...(scope === 'others' ? { except_sid: caller.sid } : {}),
    };
    if (await writeCutoff(store, caller, cutoff)) return cutoff;
    const there = await readCutoff(store, caller.sub);
    // Such as our own write: when its answer was lost, it fails its own condition the second time.
    if (there && covers(there, cutoff)) return there;
    if (isRevokedBy(there, caller)) return null;
    revokedBefore = Math.max(revokedBefore, there?.revoked_before ?? revokedBefore);
  }
  throw new Error(`The cutoff was still being rewritten after ${MAX_ATTEMPTS} attempts`);
}

/** Whether one cutoff ends all that another would, and spares no other chain. */
function covers(one: Cutoff, other: Cutoff): boolean {
  return one.revoked_before >= other.revoked_before && one.except_sid === other.except_sid;
}

/**
 * The row is asked for as the proof, as a delete's is: a bare success could have been said by anything
 * on the way.
 */
async function writeCutoff(store: SessionStore, caller: Session, cutoff: Cutoff): Promise<boolean> {
  using deadline = startDeadline();
  try {
    const { Attributes } = await store.client.send(
      new UpdateCommand({
        TableName: store.table,
        Key: { sub: caller.sub, jti: CUTOFF_KEY },
        // No expires_at: were it gone before the sessions that it ended, they would live again.
        UpdateExpression:
          cutoff.except_sid === undefined
            ? 'SET #nb = :new REMOVE #except_sid'
            : 'SET #nb = :new, #except_sid = :sid',
        ConditionExpression:
          'attribute_not_exists(jti) OR (#nb <= :new AND (#nb < :authenticated OR #except_sid = :sid))',
        ExpressionAttributeNames: { '#nb': 'revoked_before', '#except_sid': 'except_sid' },
        ExpressionAttributeValues: {
          ':new': cutoff.revoked_before,
          ':authenticated': caller.auth_time,
          ':sid': caller.sid,
        },
        ReturnValues: 'ALL_NEW',
      }),
      deadline,
    );
    if (!Attributes || !covers(parseCutoff(Attributes), cutoff))
      throw new Error('The store’s answer to a write does not hold the cutoff');
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw error;
  }
}

async function readCutoff(store: SessionStore, sub: string): Promise<Cutoff | undefined> {
  return parseOptionalCutoff((await readRows(store, sub, [CUTOFF_KEY])).get(CUTOFF_KEY));
}
