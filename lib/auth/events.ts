import type { HttpRequest } from '../http/request.ts';
import { hashId } from '../observability/hash-id.ts';
import { logger } from '../observability/logger.ts';
import { count } from '../observability/metrics.ts';
import { describeRedacted } from '../observability/report-error.ts';
import type { SessionKey } from '../sessions/key.ts';
import type { RevokeScope } from '../sessions/revoke-many.ts';
import type { InvalidSessionError } from '../sessions/session.ts';
import type { SessionDenial } from '../sessions/session-mode.ts';
import type { AuthenticTokenStatus, RefusalReason } from '../tokens/verify.ts';

/** An expected outcome of a request; docs/operations.md explains each name and reason. */
export type AuthEvent =
  | { readonly name: 'check.passed' }
  | {
      readonly name: 'check.refused';
      readonly reason: RefusalReason | Exclude<AuthenticTokenStatus, 'verified'> | SessionDenial;
      readonly session?: SessionKey;
    }
  | { readonly name: 'logout.refused'; readonly reason: RefusalReason }
  | {
      readonly name: 'logout.ended' | 'logout.already_ended';
      readonly scope: 'this';
      readonly tokenStatus: AuthenticTokenStatus;
      readonly session: SessionKey;
    }
  | {
      readonly name: 'logout.ended';
      /** `one` is a session of the list, ended by its id; `policy` one that MAX_SESSIONS has ended. */
      readonly scope: RevokeScope | 'one' | 'policy';
      readonly session: SessionKey;
    }
  | { readonly name: 'logout.sweep_failed' | 'touch.failed'; readonly error: unknown }
  | {
      readonly name: 'list.row_unreadable';
      readonly reason: InvalidSessionError['attribute'];
      readonly session: SessionKey;
    };

/** Counts an event and writes its log line. The line never holds a claim, a header or a token. */
export function recordEvent(request: HttpRequest, event: AuthEvent): void {
  count(event.name);
  // Each request of every API passes a check: the metric is enough.
  if (event.name === 'check.passed') return;
  if (event.name === 'check.refused' || event.name === 'logout.refused')
    count(`refused.${event.reason}`);
  logger.info(event.name, {
    request_id: request.requestId,
    route: request.route,
    ...('reason' in event ? { reason: event.reason } : {}),
    ...('scope' in event ? { scope: event.scope } : {}),
    ...('tokenStatus' in event ? { token_status: event.tokenStatus } : {}),
    ...('session' in event && event.session ? hashesOf(event.session) : {}),
    ...('error' in event ? errorFields(event.error, request) : {}),
  });
}

function hashesOf({ sub, jti }: SessionKey) {
  return { sub_hash: hashId(sub), jti_hash: hashId(jti) };
}

function errorFields(thrown: unknown, request: HttpRequest) {
  const authorization = request.header('authorization');
  const { message: error, type: reason, trace } = describeRedacted(thrown, authorization);
  return { reason, error, trace };
}
