import { LOGOUT_SCOPES, type LogoutScope, logout } from '../lib/auth/logout.ts';
import { readBearer } from '../lib/http/bearer.ts';
import type { HttpRequest } from '../lib/http/request.ts';
import { denied, HttpError, json } from '../lib/http/response.ts';
import { httpHandler } from '../lib/lambda/http-handler.ts';

/**
 * POST /api/v1/auth/logout?scope=this|others|everywhere
 *
 * Always the same 200 body. `this` accepts any bearer token (an unverifiable one ends nothing);
 * `others` and `everywhere` need an active session, else 401.
 */
export const handler = httpHandler(async (request, services) => {
  const { token, denial } = readBearer(request);
  if (denial) return denied(denial);
  const refusal = await logout(parseScope(request), token, request, services);
  return refusal ? denied(refusal) : json(200, { message: 'Successfully logged out' });
});

/** @throws HttpError 422 for an unknown scope, naming the three */
export function parseScope(request: HttpRequest): LogoutScope {
  const text = request.query('scope') ?? 'this';
  const scope = LOGOUT_SCOPES.find((name) => name === text);
  if (!scope) throw new HttpError(422, `scope must be one of ${LOGOUT_SCOPES.join(', ')}`);
  return scope;
}
