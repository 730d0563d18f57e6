import { authenticate } from '../lib/auth/authenticate.ts';
import { recordEvent } from '../lib/auth/events.ts';
import { HttpError, noContent } from '../lib/http/response.ts';
import { httpHandler } from '../lib/lambda/http-handler.ts';
import { parseSessionId } from '../lib/sessions/key.ts';
import { endSession, findSession } from '../lib/sessions/sessions.ts';

/**
 * DELETE /api/v1/auth/sessions/{id}: ends one of the caller's sessions; the current one as well.
 *
 * 404 for whatever is not a live session of the caller's, so that nobody learns of anybody else's; also
 * when somebody else was faster, as a refresh may have given the device another session by then.
 */
export const handler = httpHandler(async (request, services) => {
  const { session: current } = await authenticate(request, services);
  const reference = parseSessionId(current.sub, request.pathParameter('id') ?? '');
  const session = reference && (await findSession(services.store, reference));
  if (!session || !(await endSession(services.store, session)))
    throw new HttpError(404, 'Session not found');
  recordEvent(request, 'logout.ended', { scope: 'one', session });
  return noContent();
});
