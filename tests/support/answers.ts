import type { HttpResponse } from '../../lib/http/response.ts';

/** Headers of every answer. */
export const HEADERS = { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' };

/** An answer to the byte; `headers` are those beside the usual ones. */
export function answer(
  statusCode: number,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): HttpResponse {
  return { statusCode, headers: { ...HEADERS, ...headers }, body: JSON.stringify(body) };
}

const CHALLENGE = { 'WWW-Authenticate': 'Bearer error="invalid_token"' };

/** Of logout, for any bearer token. */
export const LOGGED_OUT = answer(200, { message: 'Successfully logged out' });

/** Of a protected endpoint, for a token that opens nothing. */
export const UNAUTHORIZED = answer(401, { detail: 'Could not validate credentials' }, CHALLENGE);

/** For a request without credentials. */
export const NOT_AUTHENTICATED = answer(403, { detail: 'Not authenticated' });

/** For credentials of another scheme than Bearer. */
export const OTHER_SCHEME = answer(403, { detail: 'Invalid authentication credentials' });

/** Of introspection, for whatever is no active token. */
export const INACTIVE = answer(200, { active: false });

/** Of revocation, for any token of a client. */
export const REVOKED = answer(200, {});

/** Of introspection and revocation, for whoever is no client. */
export const INVALID_CLIENT = answer(
  401,
  {
    error: 'invalid_client',
    error_description: 'The client is unknown, or its secret is wrong',
  },
  { 'WWW-Authenticate': 'Basic realm="true-logout", charset="UTF-8"' },
);
