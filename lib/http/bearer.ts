import type { HttpRequest } from './request.ts';

/** Why a request carries no bearer token: no credentials, or credentials of another scheme. */
export type BearerMiss = 'no_credentials' | 'other_scheme';

type Bearer = { token: string; denial?: never } | { token?: never; denial: BearerMiss };

/**
 * Reads the bearer token from the Authorization header like FastAPI's `HTTPBearer(auto_error=True)`
 * before its version 0.122: the scheme ends at the first space and ignores case, the rest is the token,
 * unchanged. The token is not checked.
 */
export function readBearer(request: Pick<HttpRequest, 'header'>): Bearer {
  const authorization = request.header('authorization') ?? '';
  const space = authorization.indexOf(' ');
  const scheme = authorization.slice(0, Math.max(space, 0));
  const credentials = authorization.slice(space + 1);
  if (scheme === '' || credentials === '') return { denial: 'no_credentials' };
  if (scheme.toLowerCase() !== 'bearer') return { denial: 'other_scheme' };
  return { token: credentials };
}
