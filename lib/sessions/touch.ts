import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { type SessionStore, unlessConditionFails } from '../aws/dynamodb.ts';
import { startDeadline, timeouts } from '../shared/timeouts.ts';
import type { Session } from './session.ts';
import type { SessionMode } from './session-mode.ts';

/** Share of IDLE_TIMEOUT between two writes of `last_seen`. */
const TOUCH_INTERVAL = 0.1;

/**
 * Adds the idle time-out to sessions: a check writes `last_seen`, at most once in a tenth of the
 * time-out.
 *
 * A failed touch lets the request in, as the read has just proved the session active.
 */
export function withIdleTimeout(sessions: SessionMode, idleMs: number): SessionMode {
  return {
    ...sessions,
    find: async (token, client) => {
      const found = await sessions.find(token, client);
      const nowMs = Date.now();
      if (found.denial || nowMs - (found.session.last_seen ?? 0) < idleMs * TOUCH_INTERVAL)
        return found;
      try {
        if (await touch(sessions.store, found.session, nowMs))
          return { ...found, session: { ...found.session, last_seen: nowMs } };
      } catch (touchError) {
        return { ...found, touchError };
      }
      // The session has ended since the read, or another request has touched it.
      return sessions.find(token, client);
    },
  };
}

/**
 * Writes `last_seen`, in one attempt. Never revives a deleted row, and never moves back.
 *
 * @returns false where the condition fails
 * @throws when the store refuses or does not answer in {@link timeouts}.touchMs
 */
async function touch(store: SessionStore, { sub, jti }: Session, nowMs: number): Promise<boolean> {
  const command = new UpdateCommand({
    TableName: store.table,
    Key: { sub, jti },
    UpdateExpression: 'SET last_seen = :now',
    ConditionExpression:
      'attribute_exists(jti) AND (attribute_not_exists(last_seen) OR last_seen < :now)',
    ExpressionAttributeValues: { ':now': nowMs },
  });
  // One attempt: retries of an extra would add to the load of a store in trouble.
  command.middlewareStack.add((next) => next, {
    ...{ step: 'finalizeRequest', priority: 'high', name: 'retryMiddleware', override: true },
  });
  using deadline = startDeadline(timeouts.touchMs);
  return (await unlessConditionFails(store.client.send(command, deadline))) !== null;
}
