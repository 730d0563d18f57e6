import { recordEvent } from '../lib/auth/events.ts';
import { HttpError, noContent } from '../lib/http/response.ts';
import { protectedHandler } from '../lib/lambda/http-handler.ts';
import { parseSessionId } from '../lib/sessions/key.ts';
import { findCurrent } from '../lib/sessions/sessions.ts';

/**
 * DELETE /api/v1/auth/sessions/{id}: ends one of the caller's sessions, the current one included.
 *
 * 404 for any id that names no active session of the caller, so that nobody learns of other users'
 * sessions.
 */
export const handler = protectedHandler(async ({ session: current, sessions }, request) => {
  const key = parseSessionId(current.sub, request.pathParameter('id') ?? '');
  const session = key && (await findCurrent(sessions.store, key));
  if (!session || !(await sessions.end(session))) throw new HttpError(404, 'Session not found');
  recordEvent(request, { name: 'logout.ended', scope: 'one', session });
  return noContent();
});
