import { authenticate } from '../lib/auth/authenticate.ts';
import { json } from '../lib/http/response.ts';
import { httpHandler } from '../lib/lambda/http-handler.ts';
import { toSessionView } from '../lib/sessions/view.ts';
import { profileClaims } from '../lib/tokens/profile-claims.ts';

/** GET /api/v1/auth/me: the subject and the session of a live token, with the profile it carries. */
export const handler = httpHandler(async (request, services) => {
  const { claims, session } = await authenticate(request, services);
  return json(200, {
    sub: session.sub,
    session: toSessionView(session),
    ...profileClaims(claims),
  });
});
