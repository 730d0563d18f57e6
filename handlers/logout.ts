import { httpHandler } from '../lib/api.ts';
import { authenticate, unauthorized } from '../lib/authenticate.ts';
import { bearerToken } from '../lib/bearer.ts';
import { logger } from '../lib/log.ts';
import { logOutMany, type Many } from '../lib/log-out-many.ts';
import { logOutScope } from '../lib/log-out-scope.ts';
import type { HttpRequest } from '../lib/request.ts';
import { json } from '../lib/response.ts';
import type { Services } from '../lib/services.ts';
import { sweepEnded } from '../lib/session-list.ts';
import { endSession } from '../lib/sessions.ts';
import { verifyToken } from '../lib/tokens.ts';

/**
 * POST /api/v1/auth/logout?scope=this|others|everywhere
 *
 * Answers 200 with the same bytes when it is true that the sessions in question are dead. For `this`,
 * that is so for any token at all; the others need a live session, and are a 401 without one, as a 200
 * would claim what did not happen.
 */
export const handler = httpHandler(async (request, services) => {
  const token = bearerToken(request);
  const scope = logOutScope(request);
  await (scope === 'this' ? logOutThis(token, services) : logOut(scope, request, services));
  return json(200, { message: 'Successfully logged out' });
});

/**
 * What was wrong with a token, or whether its session was still there, is for the log. One that is
 * merely out of its life still names its session; one that can't be believed names nothing.
 */
async function logOutThis(token: string, { verifier, store }: Services): Promise<void> {
  const verification = await verifyToken(token, verifier);
  if (verification.status === 'refused') {
    logger.info('logout.refused', { reason: verification.reason });
    return;
  }
  const ended = await endSession(store, verification.session);
  logger.info(ended ? 'logout.ended' : 'logout.already_ended', {
    token_status: verification.status,
  });
}

async function logOut(scope: Many, request: HttpRequest, services: Services): Promise<void> {
  const { session } = await authenticate(request, services);
  const epoch = await logOutMany(services.store, session, scope);
  if (!epoch) throw unauthorized();
  logger.info('logout.ended', { scope });
  // The sessions are dead by now; what goes wrong with their rows is no concern of the caller's.
  await sweepEnded(services.store, session.sub, epoch).catch((error) =>
    logger.warn('logout.sweep_failed', { error_type: error.name }),
  );
}
