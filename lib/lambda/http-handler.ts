import middy from '@middy/core';
import httpErrorHandler from '@middy/http-error-handler';
import type { Context } from 'aws-lambda';
import { authenticate, type Caller } from '../auth/authenticate.ts';
import { type Services, services } from '../auth/services.ts';
import { type HttpRequest, parseRequest } from '../http/request.ts';
import { denied, type HttpResponse } from '../http/response.ts';
import { publishMetrics } from '../observability/metrics.ts';
import { earlyTimeout } from './early-timeout.ts';
import { internalError } from './internal-error.ts';

/** A Lambda handler of an HTTP endpoint. The event may have any shape: {@link parseRequest} narrows it. */
export type HttpHandler = (event: unknown, context: Context) => Promise<HttpResponse>;

/** Wraps an endpoint that needs a caller; a request without one is denied with 401 or 403. */
export function protectedHandler(
  endpoint: (caller: Caller, request: HttpRequest, services: Services) => Promise<HttpResponse>,
): HttpHandler {
  return httpHandler(async (request, services) => {
    const { caller, denial } = await authenticate(request, services);
    return denial ? denied(denial) : endpoint(caller, request, services);
  });
}

/** Wraps an endpoint that needs keys and sessions. */
export function httpHandler(
  endpoint: (request: HttpRequest, services: Services) => Promise<HttpResponse>,
): HttpHandler {
  // Inside the stack, so that a wrong configuration reaches the client as the 500 payload.
  return publicHandler(async (request) => endpoint(request, services()));
}

/**
 * Wraps an endpoint into the Middy stack of all HTTP handlers:
 *
 * - the event is narrowed to an {@link HttpRequest}, once
 * - an `HttpError` becomes its response (http-error-handler, without a log line)
 * - any other thrown value becomes the 500 payload (internalError is registered last, as Middy runs
 *   `onError` hooks in reverse order)
 * - metrics are written at the end
 * - an endpoint still busy shortly before the Lambda timeout is answered with the 500 payload
 */
export function publicHandler(
  endpoint: (request: HttpRequest) => Promise<HttpResponse>,
): HttpHandler {
  const handler = middy<HttpRequest, HttpResponse>(endpoint, {
    ...earlyTimeout,
    requestEnd: publishMetrics,
  })
    .use(httpErrorHandler({ logger: false }))
    .use(internalError());
  return (event, context) => handler(parseRequest(event, context?.awsRequestId), context);
}
