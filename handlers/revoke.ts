import { logout } from '../lib/auth/logout.ts';
import { json } from '../lib/http/response.ts';
import { oauthHandler } from '../lib/lambda/oauth-handler.ts';

/**
 * POST /api/v1/auth/revoke: ends the session of a token (RFC 7009). 200 for unknown, expired and malformed
 * tokens as well; 500 where the session could not be ended.
 */
export const handler = oauthHandler(async (token, request, services) => {
  await logout('this', token, request, services);
  return json(200, {});
});
