import type { IncomingMessage } from 'node:http';

/**
 * Plays API Gateway in front of the routes under `serverless offline`, which knows only authorizers of
 * the same service: it asks the authorizer of true-logout's own local run over Lambda's Invoke API, and
 * makes of its answer what an HTTP API makes of it.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html
 */

/** Where true-logout's local run takes Lambda calls: `npm start` has it on this port. */
const LAMBDA_URL = process.env.LOCAL_LAMBDA_URL ?? 'http://localhost:3002';
const AUTHORIZER_URL = `${LAMBDA_URL}/2015-03-31/functions/true-logout-dev-authorizer/invocations`;

/** As much of hapi as an authentication scheme needs. */
interface Request {
  readonly method: string;
  readonly path: string;
  readonly raw: { readonly req: IncomingMessage };
}
interface Toolkit {
  authenticated(result: { readonly credentials: object }): unknown;
  response(body: object): { code(status: number): { takeover(): unknown } };
}

/** What becomes of a request: it goes on with a context, or ends with a status. */
type Decision =
  | { readonly context: object }
  | { readonly status: 401 | 403 | 500; readonly message: string };

const UNAUTHORIZED: Decision = { status: 401, message: 'Unauthorized' };
const FORBIDDEN: Decision = { status: 403, message: 'Forbidden' };
const FAILED: Decision = { status: 500, message: 'Internal Server Error' };

/** serverless offline's `customAuthenticationProvider`: asked once a route, answers with its scheme. */
function authenticationOf(
  endpoint: { readonly authorizer?: unknown },
  functionKey: string,
  method: string,
  path: string,
) {
  const name = `${functionKey} ${method} ${path}`;
  const authenticate = async (request: Request, toolkit: Toolkit) => {
    const decision = endpoint.authorizer ? await decide(request) : { context: {} };
    if ('context' in decision) return toolkit.authenticated({ credentials: decision });
    const { status, message } = decision;
    return toolkit.response({ message }).code(status).takeover();
  };
  return { name, scheme: name, getAuthenticateFunction: () => ({ authenticate }) };
}

async function decide(request: Request): Promise<Decision> {
  const authorization = request.raw.req.headersDistinct.authorization?.join(',');
  if (!authorization) return UNAUTHORIZED;
  try {
    const response = await fetch(AUTHORIZER_URL, {
      method: 'POST',
      body: JSON.stringify(eventOf(request, authorization)),
      signal: AbortSignal.timeout(30_000),
    });
    const answer: Partial<Record<string, unknown>> = Object(await response.json());
    if (!response.ok || response.headers.has('x-amz-function-error'))
      // One message of an authorizer's error has a meaning; all the others are failures.
      return answer.errorMessage === 'Unauthorized' ? UNAUTHORIZED : FAILED;
    if (typeof answer.isAuthorized !== 'boolean') return FAILED;
    return answer.isAuthorized ? { context: Object(answer.context) } : FORBIDDEN;
  } catch (error) {
    process.stderr.write(`No authorizer at ${AUTHORIZER_URL} (npm start at the root): ${error}\n`);
    return FAILED;
  }
}

/** The event of payload format 2.0. */
function eventOf({ method, path, raw }: Request, authorization: string) {
  const http = { method: method.toUpperCase(), path, protocol: 'HTTP/1.1', sourceIp: '127.0.0.1' };
  const headers = Object.entries(raw.req.headersDistinct).map(([name, values = []]) => [
    name,
    values.join(','),
  ]);
  return {
    version: '2.0',
    type: 'REQUEST',
    routeArn: `arn:aws:execute-api:us-east-1:123456789012:local/$default/${http.method}${path}`,
    identitySource: [authorization],
    routeKey: `${http.method} ${path}`,
    rawPath: path,
    rawQueryString: '',
    headers: Object.fromEntries(headers),
    requestContext: { apiId: 'local', stage: '$default', http },
  };
}

// serverless offline loads this file with require(), and calls what it gets.
export { authenticationOf as 'module.exports' };
