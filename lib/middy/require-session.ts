import type { MiddlewareObj } from '@middy/core';
import type { ALBEvent, Context } from 'aws-lambda';
import { authenticate } from '../auth/authenticate.ts';
import { createServices, type Services } from '../auth/services.ts';
import { type HttpRequest, parseRequest } from '../http/request.ts';
import { denied, type HttpResponse } from '../http/response.ts';
import { internalErrorResponse } from '../observability/error-response.ts';
import { publishMetrics } from '../observability/metrics.ts';
import type { Session } from '../sessions/session.ts';
import { memoizeLast } from '../shared/memoize.ts';
import { checkNames, environmentOf, type SessionOptions } from './options.ts';

export type { SessionOptions } from './options.ts';

/** The user and the session behind a request. */
export interface SessionCaller {
  /** The verified claims of the token. */
  readonly claims: Readonly<Record<string, unknown>>;
  readonly session: Session;
}

/** What the middleware adds to Middy's `internal`, and to the context. */
type WithCaller = { caller: SessionCaller };

/** A request that may not reach the API. Middy's http-error-handler builds the answer from the members. */
class SessionRequiredError extends Error {
  override readonly name = 'SessionRequiredError';
  readonly statusCode: number;
  readonly headers: HttpResponse['headers'];
  readonly expose = true;

  constructor({ statusCode, headers, body }: HttpResponse) {
    super(body);
    this.statusCode = statusCode;
    this.headers = headers;
  }
}

/**
 * Middleware that lets in only requests of an active session, by the check of the authorizer and of `/me`.
 * Takes events of HTTP APIs, REST APIs, load balancers and function URLs.
 *
 * A request without a caller ends with 401 or 403, a failed check and a wrong configuration with the 500
 * payload and `X-Error-ID`. The answer is set in `onError`, so that Middy's http-cors adds its headers,
 * unless http-error-handler has built the same one before. Errors of the API itself are left alone.
 */
export function requireSession(
  options: SessionOptions = {},
): MiddlewareObj<unknown, unknown, Error, Context & WithCaller, WithCaller> {
  const services = memoizeLast<void, Services>(() => {
    checkNames(options);
    return createServices(environmentOf(options));
  });
  // Not by the error's class, as asking a proxy for its prototype may throw.
  const answers = new WeakMap<Error, object>();

  async function check(
    request: HttpRequest,
  ): Promise<{ caller: SessionCaller; refusal?: never } | { refusal: HttpResponse }> {
    try {
      const { caller, denial } = await authenticate(request, services());
      return denial ? { refusal: denied(denial) } : { caller };
    } catch (error) {
      return { refusal: internalErrorResponse(error, request, environmentOf(options)) };
    } finally {
      publishMetrics();
    }
  }

  return {
    before: async ({ event, context, internal }) => {
      const checked = await check(parseRequest(event, context.awsRequestId));
      if (checked.refusal) {
        const error = new SessionRequiredError(checked.refusal);
        answers.set(error, answerTo(event, checked.refusal));
        throw error;
      }
      const { claims, session } = checked.caller;
      internal.caller = context.caller = { claims, session };
    },
    onError: (request) => {
      request.response ??= answers.get(request.error as Error);
    },
  };
}

/**
 * A load balancer reads either kind of headers, the one that its events have.
 * https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html
 */
function answerTo(event: unknown, response: HttpResponse): object {
  const { requestContext, multiValueHeaders }: Partial<ALBEvent> = Object(event);
  if (!requestContext?.elb) return response;
  const headers = Object.entries(response.headers).map(([name, value]) => [name, [value]]);
  return {
    ...response,
    isBase64Encoded: false,
    ...(multiValueHeaders ? { multiValueHeaders: Object.fromEntries(headers) } : {}),
  };
}
