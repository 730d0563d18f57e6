import { httpHandler } from '../lib/api.ts';
import { authenticate, unauthorized } from '../lib/authenticate.ts';
import { bearerToken } from '../lib/bearer.ts';
import { logOutMany, type Many } from '../lib/log-out-many.ts';
import { logOutScope } from '../lib/log-out-scope.ts';
import { recordOutcome } from '../lib/outcomes.ts';
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
  await (scope === 'this'
    ? logOutThis(token, request, services)
    : logOutOthers(scope, request, services));
  return json(200, { message: 'Successfully logged out' });
});

/**
 * What was wrong with a token, or whether its session was still there, is for the log. One that is
 * merely out of its life still names its session; one that can't be believed names nothing.
 */
async function logOutThis(
  token: string,
  request: HttpRequest,
  { verifier, store }: Services,
): Promise<void> {
  const verification = await verifyToken(token, verifier);
  if (verification.status === 'refused') {
    recordOutcome(request, 'logout.refused', { reason: verification.reason });
    return;
  }
  const { session, status: tokenStatus } = verification;
  const ended = await endSession(store, session);
  const outcome = ended ? 'logout.ended' : 'logout.already_ended';
  recordOutcome(request, outcome, { scope: 'this', tokenStatus, session });
}

async function logOutOthers(scope: Many, request: HttpRequest, services: Services): Promise<void> {
  const { session } = await authenticate(request, services);
  const epoch = await logOutMany(services.store, session, scope);
  if (!epoch) {
    recordOutcome(request, 'check.refused', { reason: 'session_ended', session });
    throw unauthorized();
  }
  recordOutcome(request, 'logout.ended', { scope, session });
  // The sessions are dead by now; what goes wrong with their rows is no concern of the caller's.
  await sweepEnded(services.store, session.sub, epoch).catch(({ name }: Error) =>
    recordOutcome(request, 'logout.sweep_failed', { reason: name }),
  );
}
