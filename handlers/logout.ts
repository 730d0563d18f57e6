import { httpHandler } from '../lib/api.ts';
import { bearerToken } from '../lib/bearer.ts';
import { logger } from '../lib/log.ts';
import { json } from '../lib/response.ts';
import { endSession } from '../lib/sessions.ts';
import { verifyToken } from '../lib/tokens.ts';

/**
 * POST /api/v1/auth/logout
 *
 * Ends the session of the presented token and answers 200 with the same bytes for any token at all:
 * what was wrong with one, or whether its session was still there, is for the log. A token that is
 * merely out of its life still names its session; one that can't be believed names nothing.
 */
export const handler = httpHandler(async (request, { verifier, store }) => {
  const verification = await verifyToken(bearerToken(request), verifier);
  if (verification.status === 'refused') {
    logger.info('logout.refused', { reason: verification.reason });
  } else {
    const ended = await endSession(store, verification.session);
    logger.info(ended ? 'logout.ended' : 'logout.already_ended', {
      token_status: verification.status,
    });
  }
  return json(200, { message: 'Successfully logged out' });
});
