import type { HttpResponse } from '../../lib/http/response.ts';
import type { FunctionName } from '../../support/bundle-functions.ts';
import { authorizerForms } from './authorizer-events.ts';
import { eventV2, type TestRequest } from './events.ts';
import type { FreshFunctions } from './fault-matrix/process.ts';
import { invoke } from './lambda.ts';

/**
 * Asks one of the functions with a bearer token: the authorizer as an HTTP API does, an endpoint by a request.
 *
 * @returns status and body; of the authorizer its result as the body, and 401 for the error that says no
 */
export async function askFunction(
  functions: FreshFunctions,
  name: FunctionName,
  token: string,
  request: TestRequest = {},
): Promise<{ readonly status: number; readonly body: string }> {
  const event =
    name === 'authorizer'
      ? authorizerForms[0]?.event(`Bearer ${token}`)
      : eventV2({ ...request, token });
  const answer = await invoke(functions[name], event).catch((error: Error) => {
    if (error.message !== 'Unauthorized') throw error;
    return { statusCode: 401 };
  });
  const { statusCode = 200, body = JSON.stringify(answer) }: Partial<HttpResponse> = Object(answer);
  return { status: statusCode, body };
}
