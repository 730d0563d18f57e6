import type { HttpRequest } from '../http/request.ts';
import { hashId } from '../observability/hash-id.ts';
import { logger } from '../observability/logger.ts';
import { count } from '../observability/metrics.ts';
import type { SessionKey } from '../sessions/key.ts';

/** What can become of a request that nothing went wrong with; docs/operations.md explains each. */
export type EventName =
  | 'logout.ended'
  | 'logout.already_ended'
  | 'logout.refused'
  | 'logout.sweep_failed'
  | 'list.row_unreadable'
  | 'check.passed'
  | 'check.refused';

/** What a line may say beyond its outcome. Never a claim, a header or a token. */
export interface EventDetails {
  /** A stable code. */
  readonly reason?: string;
  /** `this`, `others`, `everywhere`, or `one` of the list. */
  readonly scope?: string;
  /** Whether the token that named the session was still within its life. */
  readonly tokenStatus?: 'verified' | 'expired' | 'not_yet_valid';
  /** Logged as two pseudonyms. */
  readonly session?: SessionKey;
}

/** Counts an outcome and, where somebody may want to look at it, writes its one log line. */
export function recordEvent(
  request: HttpRequest,
  outcome: EventName,
  { reason, scope, tokenStatus, session }: EventDetails = {},
): void {
  count(outcome);
  if (reason !== undefined && outcome.endsWith('.refused')) count(`refused.${reason}`);
  // Checks that pass are every request of every API: a metric is enough.
  if (outcome === 'check.passed') return;
  logger.info(outcome, {
    request_id: request.requestId,
    route: request.route,
    ...(reason === undefined ? {} : { reason }),
    ...(scope === undefined ? {} : { scope }),
    ...(tokenStatus === undefined ? {} : { token_status: tokenStatus }),
    ...(session ? { sub_hash: hashId(session.sub), jti_hash: hashId(session.jti) } : {}),
  });
}
