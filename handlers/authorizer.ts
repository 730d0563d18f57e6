import { authenticate } from '../lib/auth/authenticate.ts';
import { allow, authorizerContext, refuse } from '../lib/authorizer/result.ts';
import { HttpError } from '../lib/http/response.ts';
import { authorizerHandler } from '../lib/lambda/authorizer-handler.ts';

/**
 * The Lambda authorizer in front of any other API of the account: lets in a live session, in whichever
 * form the API asks for, and keeps out everything else. A store that can't be asked is an error, which
 * the gateway answers with 500: never "allow".
 */
export const handler = authorizerHandler(async (request, services) => {
  const caller = await authenticate(request, services).catch((error) => {
    if (error instanceof HttpError) return null; // no token, or one that opens nothing
    throw error;
  });
  if (!caller) return refuse(request.form);
  return allow(request.form, authorizerContext(caller, services.authorizerClaims));
});
