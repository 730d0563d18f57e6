import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { type SessionStore, StoreError, unlessConditionFails } from '../aws/dynamodb.ts';
import { defined } from '../shared/json.ts';
import { startDeadline } from '../shared/timeouts.ts';
import {
  authTimeAfter,
  CUTOFF_KEY,
  type Cutoff,
  cutoffIn,
  isRevokedBy,
  parseCutoff,
} from './cutoff.ts';
import { queryRows, readRows } from './rows.ts';
import { isEpochTime, type Session } from './session.ts';

/** `others` spares the caller's token family; `everywhere` ends that as well. */
export type RevokeScope = 'others' | 'everywhere';

/** Attempts to write a cutoff while other calls write the same row. */
const MAX_ATTEMPTS = 4;

/**
 * Ends a user's sessions by one write, however many there are: all that began until now, and the
 * sessions that racing refreshes are about to write.
 *
 * A cutoff only grows, or an ended session would revive. The write needs the cutoff as read and the
 * caller's session not revoked: of two devices that log out each other, one wins.
 *
 * @param caller the active session that asks, and the cutoff of the same read
 * @param nowMs epoch milliseconds
 * @returns the cutoff in force, or null when the caller's session has been revoked meanwhile
 * @throws when the store does not answer, refuses, or does not return the written cutoff
 */
export async function revokeMany(
  store: SessionStore,
  { session, cutoff: read }: { readonly session: Session; readonly cutoff: Cutoff | undefined },
  scope: RevokeScope,
  nowMs: number = Date.now(),
): Promise<Cutoff | null> {
  const exception = scope === 'others' ? { except_sid: session.sid } : {};
  let previous = read;
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    if (isRevokedBy(previous, session)) return null;
    // A login service's clock may be ahead; its session has to be covered as well.
    const revokedBefore = Math.max(authTimeAfter(previous, nowMs), session.auth_time);
    const cutoff = { revoked_before: revokedBefore, ...exception };
    previous = await replaceCutoff(store, session.sub, previous, cutoff);
    if (previous && covers(previous, cutoff)) return previous;
  }
  throw new Error(`The cutoff was still being rewritten after ${MAX_ATTEMPTS} attempts`);
}

/**
 * Ends all sessions of a user on behalf of somebody else, such as a password reset.
 *
 * @param nowMs epoch milliseconds
 * @param logoutJti of a logout token; one that has ended the user's sessions already ends nothing again
 * @throws as {@link revokeMany}
 */
export async function revokeAll(
  store: SessionStore,
  sub: string,
  nowMs: number = Date.now(),
  logoutJti?: string,
): Promise<Cutoff> {
  const mark = defined({ logout_jti: logoutJti });
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const rows = await queryRows(store, sub);
    const previous = cutoffIn(rows);
    if (logoutJti !== undefined && previous?.logout_jti === logoutJti) return previous;
    const newest = rows.reduce(
      (time, { auth_time }) => (isEpochTime(auth_time, 1) ? Math.max(time, auth_time) : time),
      authTimeAfter(previous, nowMs),
    );
    const cutoff = { revoked_before: newest, ...mark };
    const current = await replaceCutoff(store, sub, previous, cutoff);
    if (current && covers(current, cutoff)) return current;
  }
  throw new Error(`The cutoff was still being rewritten after ${MAX_ATTEMPTS} attempts`);
}

/**
 * Notes the `jti` of a logout token in the user's cutoff row, which ends no session by that.
 *
 * @throws when the store does not answer or refuses
 */
export async function rememberLogout(
  store: SessionStore,
  sub: string,
  logoutJti: string,
): Promise<void> {
  using deadline = startDeadline();
  const command = new UpdateCommand({
    TableName: store.table,
    Key: { sub, jti: CUTOFF_KEY },
    UpdateExpression:
      'SET logout_jti = :logout_jti, revoked_before = if_not_exists(revoked_before, :none)',
    // Not 0, which login services in some languages take for no cutoff.
    ExpressionAttributeValues: { ':logout_jti': logoutJti, ':none': 1 },
  });
  await store.client.send(command, deadline);
}

/** Reads a user's cutoff, strongly consistent. */
export async function readCutoff(store: SessionStore, sub: string): Promise<Cutoff | undefined> {
  return parseCutoff((await readRows(store, sub, [CUTOFF_KEY])).get(CUTOFF_KEY));
}

/**
 * Writes a cutoff where the previous one is unchanged, and checks the written row in the answer.
 *
 * @returns the cutoff in force: the new one, or that of a faster call. After a lost answer the retried
 *   write fails its own condition, and the cutoff in force is the new one as well.
 */
async function replaceCutoff(
  store: SessionStore,
  sub: string,
  previous: Cutoff | undefined,
  cutoff: Cutoff,
): Promise<Cutoff | undefined> {
  using deadline = startDeadline();
  const unchanged = !previous
    ? 'attribute_not_exists(jti)'
    : `revoked_before = :previous AND ${
        previous.except_sid === undefined
          ? 'attribute_not_exists(except_sid)'
          : 'except_sid = :previous_sid'
      }`;
  const exception = cutoff.except_sid === undefined ? 'REMOVE except_sid' : ', except_sid = :sid';
  const mark = cutoff.logout_jti === undefined ? '' : ', logout_jti = :logout_jti';
  const command = new UpdateCommand({
    TableName: store.table,
    Key: { sub, jti: CUTOFF_KEY },
    // No expires_at: deleted before the sessions that it ended, the cutoff would revive them.
    UpdateExpression: `SET revoked_before = :new ${mark} ${exception}`,
    ConditionExpression: unchanged,
    ExpressionAttributeValues: defined({
      ':new': cutoff.revoked_before,
      ':sid': cutoff.except_sid,
      ':logout_jti': cutoff.logout_jti,
      ':previous': previous?.revoked_before,
      ':previous_sid': previous?.except_sid,
    }),
    ReturnValues: 'ALL_NEW',
  });
  const output = await unlessConditionFails(store.client.send(command, deadline));
  if (!output) return readCutoff(store, sub);
  const row = output.Attributes;
  const written = row?.sub === sub && row.jti === CUTOFF_KEY ? parseCutoff(row) : undefined;
  if (!written || !covers(written, cutoff))
    throw new StoreError('UpdateItem', store.table, 'the answer does not hold the cutoff');
  return written;
}

/** Whether one cutoff ends all sessions that another would, and excepts the same token family. */
function covers(one: Cutoff, other: Cutoff): boolean {
  return one.revoked_before >= other.revoked_before && one.except_sid === other.except_sid;
}
