import type { HttpRequest } from '../http/request.ts';
import { logger } from '../observability/logger.ts';
import { count } from '../observability/metrics.ts';
import { pseudonym } from '../observability/pseudonym.ts';
import type { SessionReference } from '../sessions/key.ts';

/** What can become of a request that nothing went wrong with; docs/operations.md explains each. */
export type Outcome =
  | 'logout.ended'
  | 'logout.already_ended'
  | 'logout.refused'
  | 'logout.sweep_failed'
  | 'list.row_unreadable'
  | 'check.passed'
  | 'check.refused';

/** What a line may say beyond its outcome. Never a claim, a header or a token. */
export interface OutcomeDetails {
  /** A stable code. */
  readonly reason?: string;
  /** `this`, `others`, `everywhere`, or `one` of the list. */
  readonly scope?: string;
  /** Whether the token that named the session was still within its life. */
  readonly tokenStatus?: 'verified' | 'expired' | 'not_yet_valid';
  /** Logged as two pseudonyms. */
  readonly session?: SessionReference;
}

/** Counts an outcome and, where somebody may want to look at it, writes its one log line. */
export function recordOutcome(
  request: HttpRequest,
  outcome: Outcome,
  { reason, scope, tokenStatus, session }: OutcomeDetails = {},
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
    ...(session ? { sub_hash: pseudonym(session.sub), jti_hash: pseudonym(session.jti) } : {}),
  });
}
