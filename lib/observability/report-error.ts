import { randomUUID } from 'node:crypto';
import { configuredSecrets } from '../auth/config.ts';
import type { HttpRequest } from '../http/request.ts';
import { describeError, type ErrorDescription } from './describe-error.ts';
import { logger } from './logger.ts';
import { count } from './metrics.ts';
import { redactor } from './redact.ts';

/** An unexpected error as it was logged. */
export interface ErrorReport extends ErrorDescription {
  /** UUID v4, by which the one log line of this error is found. */
  readonly errorId: string;
  readonly path: string;
}

/**
 * Describes an error of any kind without a credential in it, and writes its one log line. It does not
 * throw, whatever it is given.
 */
export function reportError(error: unknown, request: HttpRequest): ErrorReport {
  const errorId = randomUUID();
  const secrets = configuredSecrets();
  const redact = redactor(request.header('authorization'), secrets);
  const description = describeError(error, redact);
  // Only what is a token by its looks: credentials as short as `me` would make another path of it.
  const byLooks = redactor(undefined, secrets);
  const path = byLooks(request.path);
  count('error');
  writeLine({
    error_id: errorId,
    error: description.message,
    error_type: description.type,
    trace: description.trace,
    path,
    method: request.method,
    request_id: request.requestId,
    route: byLooks(request.route),
  });
  return { ...description, errorId, path };
}

function writeLine(line: Readonly<Record<string, unknown>>): void {
  try {
    logger.error('error', line);
  } catch {
    // The logger is what failed: the line still has to get out, or the error id leads nowhere.
    process.stdout.write(`${JSON.stringify({ level: 'ERROR', message: 'error', ...line })}\n`);
  }
}
