import { decodeUtf8 } from '../shared/json.ts';

/** Names one session: the two keys of its row, both of which the token carries. */
export interface SessionKey {
  /** Partition key: the subject, or the token's `jti` where it has no `sub`. 1 to 2,048 bytes. */
  readonly sub: string;
  /** Sort key: the token's id. 1 to 1,024 bytes, not starting with `#`. */
  readonly jti: string;
}

/** DynamoDB's own limits: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html */
export const MAX_SUB_BYTES = 2_048;
export const MAX_JTI_BYTES = 1_024;

/** Starts the sort keys that are no sessions, such as `#cutoff`. */
export const RESERVED_PREFIX = '#';

/**
 * Narrows the claims of a verified token to the session that it refers to.
 *
 * @param claims the payload, of which only `sub` and `jti` are read; their types are not trusted
 * @returns null where `jti` or `sub` can't be the key of a session's row
 */
export function sessionKey(claims: {
  readonly sub?: unknown;
  readonly jti?: unknown;
}): SessionKey | null {
  const { jti } = claims;
  if (!isKey(jti, MAX_JTI_BYTES) || jti.startsWith(RESERVED_PREFIX)) return null;
  const sub = claims.sub === undefined ? jti : claims.sub;
  return isKey(sub, MAX_SUB_BYTES) ? { sub, jti } : null;
}

/**
 * A lone surrogate is refused: UTF-8 has no form for it, so that two different strings would become
 * the same key.
 */
function isKey(value: unknown, maxBytes: number): value is string {
  if (typeof value !== 'string' || !value.isWellFormed()) return false;
  const bytes = Buffer.byteLength(value);
  return bytes >= 1 && bytes <= maxBytes;
}

/**
 * Reads the handle of one of a user's sessions, as {@link sessionId} makes it.
 *
 * @param id any text at all
 * @returns null where no session can have this handle
 */
export function parseSessionId(sub: string, id: string): SessionKey | null {
  const bytes = Buffer.from(id, 'base64url');
  if (bytes.toString('base64url') !== id) return null;
  try {
    return sessionKey({ sub, jti: decodeUtf8(bytes) });
  } catch {
    return null; // no UTF-8, so no jti: an expected miss
  }
}

/**
 * The opaque handle under which clients see a session. It is no credential: without the token, or
 * the owner's, it does nothing.
 */
export function sessionId(reference: SessionKey): string {
  return Buffer.from(reference.jti).toString('base64url');
}
