import { authenticate } from '../lib/auth/authenticate.ts';
import { allow, authorizerContext, deny } from '../lib/authorizer/result.ts';
import { authorizerHandler } from '../lib/lambda/authorizer-handler.ts';

/**
 * The Lambda authorizer for other APIs of the account: allows an active session, in the form that the
 * gateway asks for, and denies everything else. A store that cannot be asked is an error, which the
 * gateway answers with 500.
 */
export const handler = authorizerHandler(async (request, form, services) => {
  const { caller } = await authenticate(request, services);
  if (!caller) return deny(form);
  return allow(form, authorizerContext(caller, services.authorizerClaims));
});
