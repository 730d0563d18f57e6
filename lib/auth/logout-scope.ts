import type { HttpRequest } from '../http/request.ts';
import { HttpError } from '../http/response.ts';

/** Which sessions a logout ends: the presented one, all of the user's others, or all of them. */
export type LogoutScope = (typeof SCOPES)[number];

/** `others` goes on with the caller's own chain of tokens; `everywhere` ends that as well. */
export type ScopeOfMany = Exclude<LogoutScope, 'this'>;

/** The values of `?scope=`, the default first. */
export const SCOPES = ['this', 'others', 'everywhere'] as const;

/**
 * Reads `?scope=`; `this` where it is not given.
 *
 * @throws HttpError 422 for anything else, naming the three
 */
export function logoutScope(request: HttpRequest): LogoutScope {
  const text = request.query('scope') ?? 'this';
  const scope = SCOPES.find((name) => name === text);
  if (!scope) throw new HttpError(422, `scope must be one of ${SCOPES.join(', ')}`);
  return scope;
}
