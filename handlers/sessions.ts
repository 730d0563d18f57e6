import { httpHandler } from '../lib/api.ts';
import { authenticate } from '../lib/authenticate.ts';
import { cursor, listRequest } from '../lib/list-request.ts';
import { recordOutcome } from '../lib/outcomes.ts';
import { json } from '../lib/response.ts';
import { listSessions } from '../lib/session-list.ts';
import { listSession } from '../lib/session-presentation.ts';

/** GET /api/v1/auth/sessions?limit=&next=: the caller's live sessions, newest first. */
export const handler = httpHandler(async (request, services) => {
  const { session: current } = await authenticate(request, services);
  const page = await listSessions(services.store, current.sub, listRequest(request));
  for (const { session, attribute } of page.unreadable)
    recordOutcome(request, 'list.row_unreadable', { reason: attribute, session });
  return json(200, {
    sessions: page.sessions.map((session) => listSession(session, current)),
    next: page.next && cursor(page.next),
  });
});
