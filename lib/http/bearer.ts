import type { HttpRequest } from './request.ts';
import { HttpError } from './response.ts';

/**
 * Takes the token out of the Authorization header as FastAPI's `HTTPBearer(auto_error=True)` does:
 * the scheme is what stands before the first space and compares without case, the rest is the token,
 * untouched. Whether it is a token at all is for the verifier to say.
 *
 * @throws HttpError 403 `Not authenticated` without a header or credentials, 403 `Invalid
 *   authentication credentials` for another scheme
 */
export function bearerToken(request: Pick<HttpRequest, 'header'>): string {
  const authorization = request.header('authorization') ?? '';
  const space = authorization.indexOf(' ');
  const scheme = authorization.slice(0, Math.max(space, 0));
  const credentials = authorization.slice(space + 1);
  if (scheme === '' || credentials === '') throw new HttpError(403, 'Not authenticated');
  if (scheme.toLowerCase() !== 'bearer')
    throw new HttpError(403, 'Invalid authentication credentials');
  return credentials;
}
