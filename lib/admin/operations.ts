import { type EventSource, recordEvent } from '../auth/events.ts';
import { deleteRevokedRows } from '../auth/logout.ts';
import type { Services } from '../auth/services.ts';
import { redactor } from '../observability/redact.ts';
import { configuredSecrets } from '../observability/settings.ts';
import { encodeCursor, parseCursor } from '../sessions/cursor.ts';
import { parseSessionId, userPartition } from '../sessions/key.ts';
import { listSessions } from '../sessions/list.ts';
import { revokeAll } from '../sessions/revoke-many.ts';
import type { SessionMode } from '../sessions/session-mode.ts';
import { findCurrent } from '../sessions/sessions.ts';
import { toSessionListItem } from '../sessions/view.ts';
import { type Accountable, type AdminRequest, AdminRequestError } from './request.ts';

/**
 * Performs an administrator's request.
 *
 * @returns the answer, as JSON
 * @throws AdminRequestError for an unknown issuer, and for a session that is not active
 * @throws when the store does not answer or refuses: nothing is known to have ended
 */
export async function administer(request: AdminRequest, source: EventSource, services: Services) {
  const { sub, sessions } = subjectOf(request, services);
  switch (request.operation) {
    case 'list':
      return listFor(sessions, sub, request);
    case 'end': {
      const key = parseSessionId(sub, request.session);
      const session = key && (await findCurrent(sessions.store, key));
      if (!session) throw new AdminRequestError('The user has no active session of this id');
      // Whether this call or another one has ended the session: the session is over.
      await sessions.end(session);
      record(source, request, 'one', session);
      return { ended: 'one' };
    }
    case 'end-all': {
      const cutoff = await revokeAll(sessions.store, sub);
      record(source, request, 'everywhere', { sub });
      await deleteRevokedRows(sessions, sub, cutoff, source);
      return { ended: 'all', began_before: new Date(cutoff.revoked_before).toISOString() };
    }
  }
}

/** The partition of the user, and the sessions of the issuer. */
function subjectOf({ user, issuer }: AdminRequest, { issuers }: Services) {
  const [chosen, second] = issuers.filter((each) => issuer === undefined || each.issuer === issuer);
  if (second) throw new AdminRequestError('issuer is missing: the deployment has several issuers');
  if (!chosen) throw new AdminRequestError('issuer is none of the deployment’s');
  const sub = userPartition(user, chosen.partitionPrefix);
  if (sub === null) throw new AdminRequestError('user is no value of the user claim');
  return { sub, sessions: chosen.sessions };
}

async function listFor(
  { store }: SessionMode,
  sub: string,
  { limit, next }: { readonly limit: number; readonly next: string | undefined },
) {
  const after = next === undefined ? undefined : parseCursor(next);
  if (after === null) throw new AdminRequestError('next must be the value that a page before gave');
  const page = await listSessions(store, sub, { limit, after });
  return {
    sessions: page.sessions.map((session) => toSessionListItem(session, store)),
    next: page.next && encodeCursor(page.next),
    // Rows that violate the schema open nothing, and end by end-all alone.
    unreadable: page.unreadable.length,
  };
}

function record(
  source: EventSource,
  { actor, reason }: Accountable,
  scope: 'one' | 'everywhere',
  session: { readonly sub: string; readonly jti?: string },
): void {
  const redact = redactor(undefined, configuredSecrets());
  const by = { by: 'admin', actor: redact(actor), reason: redact(reason) } as const;
  recordEvent(source, { name: 'logout.ended', scope, by, session });
}
