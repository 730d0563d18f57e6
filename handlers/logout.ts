import { endPresentedSession, logoutMany } from '../lib/auth/logout.ts';
import { logoutScope } from '../lib/auth/logout-scope.ts';
import { bearerToken } from '../lib/http/bearer.ts';
import { json } from '../lib/http/response.ts';
import { httpHandler } from '../lib/lambda/http-handler.ts';

/**
 * POST /api/v1/auth/logout?scope=this|others|everywhere
 *
 * Answers 200 with the same bytes when it is true that the sessions in question are dead. For `this`,
 * that is so for any token at all; the others need a live session, and are a 401 without one, as a 200
 * would claim what did not happen.
 */
export const handler = httpHandler(async (request, services) => {
  const token = bearerToken(request);
  const scope = logoutScope(request);
  if (scope === 'this') await endPresentedSession(token, request, services);
  else await logoutMany(scope, request, services);
  return json(200, { message: 'Successfully logged out' });
});
