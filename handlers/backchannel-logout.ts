import { recordEvent } from '../lib/auth/events.ts';
import { logoutIssuers } from '../lib/federation/logout-issuers.ts';
import { verifyLogoutToken } from '../lib/federation/logout-token.ts';
import { readForm } from '../lib/http/form.ts';
import { json, oauthError } from '../lib/http/response.ts';
import { httpHandler } from '../lib/lambda/http-handler.ts';

/**
 * POST /api/v1/auth/backchannel-logout: ends the sessions of an identity provider's logout token (OpenID
 * Connect Back-Channel Logout 1.0). 400 for any other text; senders do not try again.
 */
export const handler = httpHandler(async (request) => {
  const form = readForm(request, ['logout_token']);
  if ('problem' in form) return oauthError(400, 'invalid_request', form.problem);
  const { logout_token: text } = form.values;
  if (!text) return oauthError(400, 'invalid_request', 'The parameter logout_token is missing');
  const token = await verifyLogoutToken(text, logoutIssuers());
  if ('problem' in token) {
    recordEvent(request, { name: 'logout.refused', reason: token.reason });
    return oauthError(400, 'invalid_request', token.problem);
  }
  const scope = await token.issuer.end(token);
  const by = { by: 'identity-provider', issuer: token.issuer.issuer } as const;
  recordEvent(request, { name: 'logout.ended', scope, by, session: { sub: token.sub } });
  return json(200, {});
});
