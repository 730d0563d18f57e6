import { json } from '../lib/http/response.ts';
import { protectedHandler } from '../lib/lambda/http-handler.ts';
import { toSessionView } from '../lib/sessions/view.ts';
import { profileClaims } from '../lib/tokens/profile-claims.ts';

/** GET /api/v1/auth/me: the user and the session of an active token, with its profile claims. */
export const handler = protectedHandler(async ({ claims, session }) =>
  json(200, { sub: session.sub, session: toSessionView(session), ...profileClaims(claims) }),
);
