import type { MiddlewareObj } from '@middy/core';
import type { HttpRequest } from '../http/request.ts';
import { HttpError, type HttpResponse, json } from '../http/response.ts';
import { reportError } from '../observability/report-error.ts';
import { errorDetails } from '../observability/settings.ts';

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

/** Builds the 500 payload. All seven members are always present, and strings. */
function internalErrorResponse(error: unknown, request: HttpRequest): HttpResponse {
  const { errorId, message, type, trace, path } = reportError(error, request);
  const pointer = `See the log for error id ${errorId}`;
  const full = errorDetails() === 'full';
  const payload = {
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
