import { json } from '../lib/http/response.ts';
import { oauthHandler } from '../lib/lambda/oauth-handler.ts';
import { introspect } from '../lib/oauth/introspection.ts';

/** POST /api/v1/auth/introspect: describes a token to a resource server (RFC 7662). */
export const handler = oauthHandler(async (token, request, services) =>
  json(200, await introspect(token, request, services)),
);
