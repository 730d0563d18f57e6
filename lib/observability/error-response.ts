import type { HttpRequest } from '../http/request.ts';
import { type HttpResponse, json } from '../http/response.ts';
import type { Environment } from '../shared/environment.ts';
import { reportError } from './report-error.ts';
import { errorDetails } from './settings.ts';

/**
 * Logs an error, and builds the 500 payload. All seven members are always present, and strings.
 *
 * @param environment says how much the payload tells, and names the secrets to redact
 */
export function internalErrorResponse(
  error: unknown,
  request: HttpRequest,
  environment: Environment = process.env,
): HttpResponse {
  const { errorId, message, type, trace, path } = reportError(error, request, environment);
  const pointer = `See the log for error id ${errorId}`;
  const full = errorDetails(environment) === 'full';
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
