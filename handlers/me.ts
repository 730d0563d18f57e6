import { httpHandler } from '../lib/api.ts';
import { authenticate } from '../lib/authenticate.ts';
import { profileClaims } from '../lib/profile-claims.ts';
import { json } from '../lib/response.ts';
import { presentSession } from '../lib/session-presentation.ts';

/** GET /api/v1/auth/me: the subject and the session of a live token, with the profile it carries. */
export const handler = httpHandler(async (request, services) => {
  const { claims, session } = await authenticate(request, services);
  return json(200, {
    sub: session.sub,
    session: presentSession(session),
    ...profileClaims(claims),
  });
});
