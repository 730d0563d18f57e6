import { parseJson } from '../shared/json.ts';
import { isJti } from './key.ts';
import { isEpochTime, type Session } from './session.ts';

/** End of a page in the list of sessions, whose order is `auth_time` descending, then `jti`. */
export type Cursor = Pick<Session, 'auth_time' | 'jti'>;

/** Encodes a cursor for a client. A cursor only pages through the caller's own list. */
export function encodeCursor({ auth_time, jti }: Cursor): string {
  return Buffer.from(JSON.stringify([auth_time, jti])).toString('base64url');
}

/** Decodes a cursor; null for a text that {@link encodeCursor} cannot have made. */
export function parseCursor(text: string): Cursor | null {
  const value = parseJson(Buffer.from(text, 'base64url').toString());
  if (!Array.isArray(value)) return null;
  const [auth_time, jti]: unknown[] = value;
  if (!isEpochTime(auth_time, 1) || !isJti(jti)) return null;
  const cursor = { auth_time, jti };
  return encodeCursor(cursor) === text ? cursor : null;
}
