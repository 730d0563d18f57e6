import { randomUUID } from 'node:crypto';
import type { HttpRequest } from '../http/request.ts';
import type { Environment } from '../shared/environment.ts';
import { describeError, type ErrorDescription } from './describe-error.ts';
import { logger } from './logger.ts';
import { count } from './metrics.ts';
import { redactor, redactPath } from './redact.ts';
import { configuredSecrets } from './settings.ts';

/**
 * Describes an error, redacts credentials, and writes its one log line. Never throws.
 *
 * @param environment names the secrets to redact
 * @returns the description, the redacted path, and the id (UUID v4) of the log line
 */
export function reportError(error: unknown, request: HttpRequest, environment?: Environment) {
  const errorId = randomUUID();
  const secrets = configuredSecrets(environment);
  const authorization = request.header('authorization');
  const description = describeError(error, redactor(authorization, secrets));
  const redactLong = (text: string) => redactPath(text, authorization, secrets);
  const path = redactLong(request.path);
  count('error');
  writeLine({
    error_id: errorId,
    error: description.message,
    error_type: description.type,
    trace: description.trace,
    path,
    method: request.method,
    request_id: request.requestId,
    route: redactLong(request.route),
  });
  return { ...description, errorId, path };
}

/** Logs an error, and builds the one that Lambda's runtime may log too: of the first, the id alone. */
export function concealed(error: unknown, request: HttpRequest): Error {
  const { errorId } = reportError(error, request);
  return new Error(`Internal Server Error, see the log for error id ${errorId}`);
}

/** Counts and logs a failed refresh of the keys, which fails no request as long as older keys are in use. */
export function reportStaleKeys(error: unknown): void {
  count('keys.stale');
  const { message, type, trace } = describeRedacted(error);
  logger.warn('keys.stale', { error: message, error_type: type, trace });
}

/** Describes an error without a request's credentials and the configured secrets. Never throws. */
export function describeRedacted(error: unknown, authorization?: string): ErrorDescription {
  return describeError(error, redactor(authorization, configuredSecrets()));
}

function writeLine(line: Readonly<Record<string, unknown>>): void {
  try {
    logger.error('error', line);
  } catch {
    // The logger itself failed; without this line the error id leads nowhere.
    process.stdout.write(`${JSON.stringify({ level: 'ERROR', message: 'error', ...line })}\n`);
  }
}
