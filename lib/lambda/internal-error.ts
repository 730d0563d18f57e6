import type { MiddlewareObj } from '@middy/core';
import type { HttpRequest } from '../http/request.ts';
import { HttpError, type HttpResponse } from '../http/response.ts';
import { internalErrorResponse } from '../observability/error-response.ts';

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
