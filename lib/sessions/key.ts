import { decodeUtf8 } from '../shared/json.ts';

/** Key of one session row. The token carries both parts. */
export interface SessionKey {
  /** Partition key: the user, or `#jti:<jti>` for a token without `sub`. 1 to 2,048 bytes. */
  readonly sub: string;
  /** Sort key: the session. 1 to 1,024 bytes, not starting with `#`. */
  readonly jti: string;
}

type UnknownKey = Readonly<Partial<Record<keyof SessionKey, unknown>>>;

/**
 * Limits of DynamoDB's keys.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
 */
export const MAX_SUB_BYTES = 2_048;
export const MAX_JTI_BYTES = 1_024;

/** First character of sort keys that are no sessions, such as `#cutoff`. */
export const RESERVED_PREFIX = '#';

/** Begins the partition of a token without `sub`, so that no `sub` can name the partition. */
export const GUEST_PREFIX = '#jti:';

/**
 * Derives the session key from the verified claims of a user and a session, whose types are checked here.
 *
 * @param prefix of the partition key, which tells the users of several issuers apart
 * @returns null where `jti` or `sub` cannot be the key of a session row
 */
export function sessionKey({ sub, jti }: UnknownKey, prefix = ''): SessionKey | null {
  if (!isJti(jti)) return null;
  const partition =
    sub === undefined ? `${prefix}${GUEST_PREFIX}${jti}` : userPartition(sub, prefix);
  return isKey(partition, MAX_SUB_BYTES) ? { sub: partition, jti } : null;
}

/** Derives the partition key of a user; null where the value names none. */
export function userPartition(user: unknown, prefix = ''): string | null {
  if (!isKey(user, MAX_SUB_BYTES) || isGuest(user)) return null;
  const partition = prefix + user;
  return isKey(partition, MAX_SUB_BYTES) ? partition : null;
}

/** Narrows the key of a row; null for a key that no token can name. */
export function parseRowKey({ sub, jti }: UnknownKey): SessionKey | null {
  if (!isJti(jti) || !isKey(sub, MAX_SUB_BYTES)) return null;
  return isGuest(sub) && sub !== GUEST_PREFIX + jti ? null : { sub, jti };
}

/** Whether a partition is that of a token without `sub`. */
export function isGuest(sub: string): boolean {
  return sub.startsWith(GUEST_PREFIX);
}

/** Whether a value can be the sort key of a session row. */
export function isJti(value: unknown): value is string {
  return isKey(value, MAX_JTI_BYTES) && !value.startsWith(RESERVED_PREFIX);
}

/** Refuses lone surrogates: UTF-8 cannot encode them, so two different strings would share one key. */
function isKey(value: unknown, maxBytes: number): value is string {
  if (typeof value !== 'string' || !value.isWellFormed()) return false;
  const bytes = Buffer.byteLength(value);
  return bytes >= 1 && bytes <= maxBytes;
}

/**
 * Decodes the id of one of a user's sessions, as made by {@link sessionId}.
 *
 * @param id any text
 * @returns null where no session can have the id
 */
export function parseSessionId(sub: string, id: string): SessionKey | null {
  const bytes = Buffer.from(id, 'base64url');
  return bytes.toString('base64url') === id ? parseRowKey({ sub, jti: decodeUtf8(bytes) }) : null;
}

/** Encodes the opaque id of a session for clients. The id is no credential. */
export function sessionId({ jti }: SessionKey): string {
  return Buffer.from(jti).toString('base64url');
}
