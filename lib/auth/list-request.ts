import type { HttpRequest } from '../http/request.ts';
import { HttpError } from '../http/response.ts';
import { sessionKey } from '../sessions/key.ts';
import type { Position } from '../sessions/list.ts';
import { isEpochTime } from '../sessions/session.ts';

/** Sessions on a page of the list. */
export const MAX_LIMIT = 100;
export const DEFAULT_LIMIT = 20;

/**
 * Reads which page of the list is asked for.
 *
 * @throws HttpError 422 for a `limit` that is no whole number from 1 to {@link MAX_LIMIT}, or a `next`
 *   that no page gave
 */
export function listRequest(request: HttpRequest): {
  readonly limit: number;
  readonly after: Position | undefined;
} {
  const limit = request.query('limit') ?? `${DEFAULT_LIMIT}`;
  if (!/^[1-9]\d{0,2}$/.test(limit) || Number(limit) > MAX_LIMIT)
    throw new HttpError(422, `limit must be a whole number from 1 to ${MAX_LIMIT}`);
  const next = request.query('next');
  const after = next === undefined ? undefined : parseCursor(next);
  if (after === null) throw new HttpError(422, 'next must be the value that a page before gave');
  return { limit: Number(limit), after };
}

/** Makes the cursor of the page that follows a position. It only ever pages through one's own list. */
export function cursor({ auth_time, jti }: Position): string {
  return Buffer.from(JSON.stringify([auth_time, jti])).toString('base64url');
}

/** Null for any text that {@link cursor} does not make. */
function parseCursor(text: string): Position | null {
  const position = parsePosition(Buffer.from(text, 'base64url').toString());
  return position && cursor(position) === text ? position : null;
}

function parsePosition(json: string): Position | null {
  try {
    const value: unknown = JSON.parse(json);
    if (!Array.isArray(value)) return null;
    const [auth_time, jti]: unknown[] = value;
    const reference = sessionKey({ jti });
    return reference && isEpochTime(auth_time, 1) ? { auth_time, jti: reference.jti } : null;
  } catch {
    return null; // no JSON: an expected miss
  }
}
