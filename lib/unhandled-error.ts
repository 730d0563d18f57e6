import { randomUUID } from 'node:crypto';
import type { MiddlewareObj } from '@middy/core';
import { configuredSecrets, errorDetails } from './config.ts';
import { attempt, describeError } from './error-description.ts';
import { logger } from './log.ts';
import { redactor } from './redaction.ts';
import { type HttpEvent, parseRequest } from './request.ts';
import { HttpError, type HttpResponse, json } from './response.ts';

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

/** Logs an error of any kind and builds its response. It does not throw, whatever it is given. */
function unhandledErrorResponse(
  error: unknown,
  event: HttpEvent,
  requestId: string | undefined,
): HttpResponse {
  const request = parseRequest(event);
  const errorId = randomUUID();
  const secrets = configuredSecrets();
  const redact = redactor(request.header('authorization'), secrets);
  const { message, type, trace } = describeError(error, redact);
  // Only what is a token by its looks: credentials as short as `me` would make another path of it.
  const path = redactor(undefined, secrets)(request.path);
  const line = {
    error_id: errorId,
    error: message,
    error_type: type,
    trace,
    path,
    method: request.method,
    request_id: requestId,
  };
  writeLine(line);

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

function writeLine(line: Readonly<Record<string, unknown>>): void {
  try {
    logger.error('error', line);
  } catch {
    // The logger is what failed: the line still has to get out, or the error id leads nowhere.
    process.stdout.write(`${JSON.stringify({ level: 'ERROR', message: 'error', ...line })}\n`);
  }
}
