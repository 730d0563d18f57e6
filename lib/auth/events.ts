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
import type { Status } from '../tokens/verify-signed.ts';

/** Who has ended a session, if not the user; `policy` is MAX_SESSIONS. */
export type EndedBy =
  | { readonly by: 'policy' }
  | { readonly by: 'identity-provider'; readonly issuer: string }
  | { readonly by: 'admin'; readonly actor: string; readonly reason: string };

/** An expected outcome of a request; docs/operations.md explains each name and reason. */
export type AuthEvent =
  | { readonly name: 'check.passed' }
  | {
      readonly name: 'check.refused';
      readonly reason: RefusalReason | Exclude<AuthenticTokenStatus, 'verified'> | SessionDenial;
      readonly session?: SessionKey;
    }
  | {
      readonly name: 'logout.refused';
      /** A status and `no_logout_event` are those of a provider's logout token. */
      readonly reason: RefusalReason | Exclude<Status, 'verified'> | 'no_logout_event';
    }
  | {
      readonly name: 'logout.ended' | 'logout.already_ended';
      readonly scope: 'this';
      readonly tokenStatus: AuthenticTokenStatus;
      readonly session: SessionKey;
    }
  | {
      readonly name: 'logout.ended';
      /** `one` is a session of the list, ended by its id, or by a provider's `sid`. */
      readonly scope: RevokeScope | 'one';
      /** Without `jti` where a cutoff or a provider's `sid` has ended the sessions. */
      readonly session: Pick<SessionKey, 'sub'> & Partial<SessionKey>;
      readonly by?: EndedBy;
    }
  | {
      readonly name: 'logout.sweep_failed' | 'touch.failed' | 'admin.refused';
      readonly error: unknown;
    }
  | { readonly name: 'client.refused'; readonly reason: 'invalid_client' | 'invalid_request' }
  | {
      readonly name: 'list.row_unreadable';
      readonly reason: InvalidSessionError['attribute'];
      readonly session: SessionKey;
    };

/** The request behind a line. */
export type EventSource = Pick<HttpRequest, 'requestId' | 'route' | 'header'>;

/** Counts an event and writes its log line. The line never holds a claim, a header or a token. */
export function recordEvent(request: EventSource, event: AuthEvent): void {
  count(event.name);
  // Each request of every API passes a check: the metric is enough.
  if (event.name === 'check.passed') return;
  if (event.name === 'check.refused' || event.name === 'logout.refused')
    count(`refused.${event.reason}`);
  const by = event.name === 'logout.ended' ? ('by' in event && event.by) || USER : undefined;
  if (by && by.by !== 'user') count(`ended.${by.by}`);
  logger.info(event.name, {
    request_id: request.requestId,
    route: request.route,
    ...('reason' in event ? { reason: event.reason } : {}),
    ...by,
    ...('scope' in event ? { scope: event.scope } : {}),
    ...('tokenStatus' in event ? { token_status: event.tokenStatus } : {}),
    ...('session' in event && event.session ? hashesOf(event.session) : {}),
    ...('error' in event ? errorFields(event.error, request) : {}),
  });
}

const USER = { by: 'user' } as const;

function hashesOf({ sub, jti }: Pick<SessionKey, 'sub'> & Partial<SessionKey>) {
  return { sub_hash: hashId(sub), ...(jti === undefined ? {} : { jti_hash: hashId(jti) }) };
}

function errorFields(thrown: unknown, request: EventSource) {
  const authorization = request.header('authorization');
  const { message: error, type: reason, trace } = describeRedacted(thrown, authorization);
  return { reason, error, trace };
}
