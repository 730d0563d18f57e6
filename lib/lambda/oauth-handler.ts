import { recordEvent } from '../auth/events.ts';
import type { Services } from '../auth/services.ts';
import { readForm } from '../http/form.ts';
import type { HttpRequest } from '../http/request.ts';
import { type HttpResponse, oauthError } from '../http/response.ts';
import { authenticateClient } from '../oauth/authenticate-client.ts';
import { readClients } from '../oauth/clients.ts';
import { ConfigurationError } from '../shared/environment.ts';
import { memoizeLast } from '../shared/memoize.ts';
import { type HttpHandler, httpHandler } from './http-handler.ts';

const PARAMETERS = ['token', 'token_type_hint', 'client_id', 'client_secret'] as const;

/** RFC 6749, section 5.2: the challenge of the method in the header. */
const CHALLENGE = { 'WWW-Authenticate': 'Basic realm="true-logout", charset="UTF-8"' };

/**
 * Wraps an endpoint for OAuth clients about a token (RFC 7009, section 2.1; RFC 7662, section 2.1).
 * Hints are ignored: every token here is an access token.
 */
export function oauthHandler(
  endpoint: (token: string, request: HttpRequest, services: Services) => Promise<HttpResponse>,
): HttpHandler {
  const clients = memoizeLast<void, ReturnType<typeof readClients>>(() => readClients(process.env));
  return httpHandler(async (request, services) => {
    const form = readForm(request, PARAMETERS);
    if ('problem' in form) return oauthError(400, 'invalid_request', form.problem);
    const known = clients();
    if (!known) throw new ConfigurationError('OAUTH_CLIENTS', 'is not set');
    const refusal = await authenticateClient(request, form.values, known);
    if (refusal) recordEvent(request, { name: 'client.refused', reason: refusal });
    if (refusal === 'invalid_client')
      return oauthError(401, refusal, 'The client is unknown, or its secret is wrong', CHALLENGE);
    if (refusal) return oauthError(400, refusal, 'The client authenticates in two ways at once');
    const { token } = form.values;
    if (!token) return oauthError(400, 'invalid_request', 'The parameter token is missing');
    return endpoint(token, request, services);
  });
}
