import { recordEvent } from '../lib/auth/events.ts';
import type { HttpRequest } from '../lib/http/request.ts';
import { HttpError, json } from '../lib/http/response.ts';
import { protectedHandler } from '../lib/lambda/http-handler.ts';
import { encodeCursor, parseCursor } from '../lib/sessions/cursor.ts';
import { DEFAULT_LIMIT, listSessions, MAX_LIMIT } from '../lib/sessions/list.ts';
import { toSessionListItem } from '../lib/sessions/view.ts';

/** GET /api/v1/auth/sessions?limit=&next=: the caller's active sessions, newest first. */
export const handler = protectedHandler(async ({ session: current, sessions }, request) => {
  const page = await listSessions(sessions.store, current.sub, parsePage(request));
  for (const { session, attribute } of page.unreadable)
    recordEvent(request, { name: 'list.row_unreadable', reason: attribute, session });
  return json(200, {
    sessions: page.sessions.map((session) => ({
      ...toSessionListItem(session, sessions.store),
      current: session.jti === current.jti,
    })),
    next: page.next && encodeCursor(page.next),
  });
});

/** @throws HttpError 422 for a `limit` outside 1 to {@link MAX_LIMIT}, or a `next` that no page gave */
export function parsePage(request: HttpRequest) {
  const limit = request.query('limit') ?? `${DEFAULT_LIMIT}`;
  if (!/^[1-9]\d{0,2}$/.test(limit) || Number(limit) > MAX_LIMIT)
    throw new HttpError(422, `limit must be a whole number from 1 to ${MAX_LIMIT}`);
  const next = request.query('next');
  const after = next === undefined ? undefined : parseCursor(next);
  if (after === null) throw new HttpError(422, 'next must be the value that a page before gave');
  return { limit: Number(limit), after };
}
