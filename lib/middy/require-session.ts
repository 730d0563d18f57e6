import type { Context } from 'aws-lambda';
import { authenticate, type Caller } from '../auth/authenticate.ts';
import { createServices, type Services } from '../auth/services.ts';
import { type HttpRequest, parseRequest } from '../http/request.ts';
import { denied, type HttpResponse } from '../http/response.ts';
import { internalErrorResponse } from '../observability/error-response.ts';
import { publishMetrics } from '../observability/metrics.ts';
import { memoizeLast } from '../shared/memoize.ts';
import { checkNames, environmentOf, type SessionOptions } from './options.ts';

export type { SessionOptions } from './options.ts';

/** The user and the session behind a request. */
export type SessionCaller = Pick<Caller, 'claims' | 'session'>;

type WithCaller = { caller: SessionCaller };

/** What the middleware reads and sets of Middy's request. Middy's own types are not for CommonJS. */
interface MiddyRequest {
  readonly event: unknown;
  readonly context: Context & WithCaller;
  readonly internal: WithCaller;
  readonly error: unknown;
  response: unknown;
}

interface SessionMiddleware {
  before(request: MiddyRequest): Promise<void>;
  onError(request: MiddyRequest): void;
}

/**
 * Middleware that lets in only requests of an active session, by the check of the authorizer and of `/me`.
 * Takes events of HTTP APIs, REST APIs, load balancers and function URLs.
 *
 * A request without a caller ends with 401 or 403, a failed check and a wrong configuration with the 500
 * payload and `X-Error-ID`. The answer is set in `onError`, so that Middy's http-cors adds its headers,
 * unless http-error-handler has built the same one before. Errors of the API itself are left alone.
 */
export function requireSession(options: SessionOptions = {}): SessionMiddleware {
  const services = memoizeLast<void, Services>(() => {
    checkNames(options);
    return createServices(environmentOf(options));
  });
  // Not a class of errors, as asking another's prototype may throw.
  const answers = new WeakMap<object, object>();
  return {
    before: async ({ event, context, internal }) => {
      const request = parseRequest(event, context.awsRequestId);
      const checked = await check(request, services).catch((error: unknown) =>
        internalErrorResponse(error, request, environmentOf(options)),
      );
      publishMetrics();
      if ('session' in checked) {
        internal.caller = context.caller = checked;
        return;
      }
      // http-error-handler builds its answer from these members.
      const error = Object.assign(new Error(checked.body), checked, { expose: true });
      answers.set(error, answerTo(event, checked));
      throw error;
    },
    onError: (request) => {
      request.response ??= answers.get(Object(request.error));
    },
  };
}

/** Finds the caller, or the response to a request without one. */
async function check(
  request: HttpRequest,
  services: () => Services,
): Promise<SessionCaller | HttpResponse> {
  const { caller, denial } = await authenticate(request, services());
  return denial ? denied(denial) : { claims: caller.claims, session: caller.session };
}

/**
 * Adds the headers in the form that a load balancer reads whose events have that form.
 * https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html
 */
function answerTo(event: unknown, response: HttpResponse): object {
  if (!Object(event).multiValueHeaders) return response;
  const headers = Object.entries(response.headers).map(([name, value]) => [name, [value]]);
  return { ...response, multiValueHeaders: Object.fromEntries(headers) };
}
