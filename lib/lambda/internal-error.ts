import type { MiddlewareObj } from '@middy/core';
import { errorDetails } from '../auth/config.ts';
import { type HttpEvent, parseRequest } from '../http/request.ts';
import { HttpError, type HttpResponse, json } from '../http/response.ts';
import { attempt } from '../observability/describe-error.ts';
import { reportError } from '../observability/report-error.ts';

/** The body of a 500. All seven are always there, and strings. */
export interface UnhandledErrorPayload {
  readonly detail: 'Internal Server Error';
  readonly error: string;
  readonly error_type: string;
  readonly trace: string;
  /** UUID v4, also in the header `X-Error-ID` and in the one log line of this error. */
  readonly error_id: string;
  readonly path: string;
  readonly method: string;
}

/**
 * The middleware that turns whatever is thrown, unless it is an {@link HttpError}, into the 500
 * payload and one log line. Middy runs `onError` hooks in reverse order, so it is registered last: it
 * then sees an error before any other hook can change it or fail over it.
 */
export function unhandledError(): MiddlewareObj<HttpEvent, HttpResponse, Error> {
  return {
    onError: ({ error, event, context }) => {
      // `instanceof` itself throws for a proxy that lets nobody look at its prototype.
      if (attempt(() => error instanceof HttpError, false)) return undefined;
      return unhandledErrorResponse(error, event, context?.awsRequestId);
    },
  };
}

/** It does not throw, whatever it is given. */
function unhandledErrorResponse(
  error: unknown,
  event: HttpEvent,
  requestId: string | undefined,
): HttpResponse {
  const request = parseRequest(event, requestId);
  const { errorId, message, type, trace, path } = reportError(error, request);
  const pointer = `See the log for error id ${errorId}`;
  const full = errorDetails() === 'full';
  const payload: UnhandledErrorPayload = {
    detail: 'Internal Server Error',
    error: full ? message : pointer,
    error_type: type,
    trace: full ? trace : pointer,
    error_id: errorId,
    path,
    method: request.method,
  };
  return json(500, payload, { 'X-Error-ID': errorId });
}
