import { sessionKey } from './key.ts';
import { isEpochTime, type Session } from './session.ts';

/** End of a page in the list of sessions, whose order is `auth_time` descending, then `jti`. */
export type Cursor = Pick<Session, 'auth_time' | 'jti'>;

/** Encodes a cursor for a client. A cursor only pages through the caller's own list. */
export function encodeCursor({ auth_time, jti }: Cursor): string {
  return Buffer.from(JSON.stringify([auth_time, jti])).toString('base64url');
}

/** Decodes a cursor; null for a text that {@link encodeCursor} cannot have made. */
export function parseCursor(text: string): Cursor | null {
  const cursor = parse(Buffer.from(text, 'base64url').toString());
  return cursor && encodeCursor(cursor) === text ? cursor : null;
}

function parse(json: string): Cursor | null {
  try {
    const value: unknown = JSON.parse(json);
    if (!Array.isArray(value)) return null;
    const [auth_time, jti]: unknown[] = value;
    const key = sessionKey({ jti });
    return key && isEpochTime(auth_time, 1) ? { auth_time, jti: key.jti } : null;
  } catch {
    return null; // An expected miss: the text is not JSON.
  }
}
