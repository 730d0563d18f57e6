import middy from '@middy/core';
import httpErrorHandler from '@middy/http-error-handler';
import type { Context } from 'aws-lambda';
import { type HttpEvent, type HttpRequest, parseRequest } from '../http/request.ts';
import type { HttpResponse } from '../http/response.ts';
import { publishMetrics } from '../observability/metrics.ts';
import { giveUpInTime } from './function-timeout.ts';
import { unhandledError } from './internal-error.ts';

/** An endpoint that works with nothing but the request. */
export type PublicEndpoint = (request: HttpRequest) => Promise<HttpResponse>;

/**
 * Wraps an endpoint into a Lambda handler, in the one Middy stack of all HTTP handlers:
 *
 * - an {@link HttpError} becomes its response (http-error-handler; it does not log, as nothing failed)
 * - anything else that is thrown becomes the 500 payload (unhandled-error, registered last because
 *   Middy runs `onError` hooks in reverse order)
 * - what was counted on the way is written as metrics when all is done
 * - an endpoint that is still busy shortly before the Lambda timeout is given up, with a 500 payload
 *
 * It stands apart from `httpHandler`, so that what needs no session bundles no store and no keys.
 */
export function publicHandler(endpoint: PublicEndpoint) {
  return middy(
    async (event: HttpEvent, context: Context): Promise<HttpResponse> =>
      endpoint(parseRequest(event, context?.awsRequestId)),
    { ...giveUpInTime, requestEnd: publishMetrics },
  )
    .use(httpErrorHandler({ logger: false }))
    .use(unhandledError());
}
