import type { MiddlewareObj } from '@middy/core';
import type { HttpRequest } from '../http/request.ts';
import { HttpError, type HttpResponse, json } from '../http/response.ts';
import { reportError } from '../observability/report-error.ts';
import { errorDetails } from '../observability/settings.ts';

/** Body of a 500. All seven members are always present, and strings. */
export interface InternalErrorPayload {
  readonly detail: 'Internal Server Error';
  readonly error: string;
  readonly error_type: string;
  readonly trace: string;
  /** UUID v4, equal to the header `X-Error-ID` and to the log line's `error_id`. */
  readonly error_id: string;
  readonly path: string;
  readonly method: string;
}

/**
 * Middleware that turns any thrown value but an {@link HttpError} into the 500 payload and one log
 * line. Register last: Middy runs `onError` hooks in reverse order, so no other hook can change the
 * error first.
 */
export function internalError(): MiddlewareObj<HttpRequest, HttpResponse, Error> {
  return {
    onError: ({ error, event: request }) =>
      isHttpError(error) ? undefined : internalErrorResponse(error, request),
  };
}

function isHttpError(error: unknown): error is HttpError {
  try {
    return error instanceof HttpError;
  } catch {
    return false; // A proxy may throw when asked for its prototype.
  }
}

function internalErrorResponse(error: unknown, request: HttpRequest): HttpResponse {
  const { errorId, message, type, trace, path } = reportError(error, request);
  const pointer = `See the log for error id ${errorId}`;
  const full = errorDetails() === 'full';
  const payload: InternalErrorPayload = {
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
