import { authenticate } from '../lib/auth/authenticate.ts';
import { recordEvent } from '../lib/auth/events.ts';
import { cursor, listRequest } from '../lib/auth/list-request.ts';
import { json } from '../lib/http/response.ts';
import { httpHandler } from '../lib/lambda/http-handler.ts';
import { listSessions } from '../lib/sessions/list.ts';
import { toSessionListItem } from '../lib/sessions/view.ts';

/** GET /api/v1/auth/sessions?limit=&next=: the caller's live sessions, newest first. */
export const handler = httpHandler(async (request, services) => {
  const { session: current } = await authenticate(request, services);
  const page = await listSessions(services.store, current.sub, listRequest(request));
  for (const { session, attribute } of page.unreadable)
    recordEvent(request, 'list.row_unreadable', { reason: attribute, session });
  return json(200, {
    sessions: page.sessions.map((session) => toSessionListItem(session, current)),
    next: page.next && cursor(page.next),
  });
});
