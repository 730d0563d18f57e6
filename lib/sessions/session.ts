import { type SessionKey, sessionKey } from './key.ts';

/** One row of the session table: a token that may be used. */
export interface Session extends SessionKey {
  /** The chain of tokens that this one belongs to: the first `jti` of the chain. */
  readonly sid: string;
  /** When the user authenticated, in epoch milliseconds. A refreshed token inherits it. */
  readonly auth_time: number;
  /** End of life, in epoch seconds; DynamoDB's TTL attribute. */
  readonly expires_at: number;
  readonly user_agent?: string;
  readonly ip?: string;
}

/**
 * The end of the year 9999, in epoch milliseconds: ISO 8601 has four digits for a year, and a time in
 * microseconds by mistake is past it.
 */
const MAX_EPOCH_MS = 253_402_300_799_999;

/** A session, or the row of one, that is not as README.md asks of login services. */
export class InvalidSessionError extends TypeError {
  override readonly name = 'InvalidSessionError';
  /** What can't be read; `key` is the row's `sub` and `jti`. A code for the log. */
  readonly attribute: 'key' | 'sid' | 'auth_time' | 'expires_at';

  constructor(attribute: InvalidSessionError['attribute'], expected: string) {
    const subject = attribute === 'key' ? 'sub and jti' : attribute;
    super(`The session's ${subject} must be ${expected}`);
    this.attribute = attribute;
  }
}

/**
 * Parses a row, which any login service may have written.
 *
 * @throws InvalidSessionError naming the attribute that is not as README.md asks of login services
 */
export function parseSession(row: object): Session {
  const {
    sub,
    jti,
    sid,
    auth_time,
    expires_at,
    user_agent,
    ip,
  }: Partial<Record<keyof Session, unknown>> = row;
  const reference = sessionKey({ sub, jti });
  if (!reference || sub === undefined)
    throw new InvalidSessionError('key', 'keys of README.md’s limits');
  if (typeof sid !== 'string' || !sessionKey({ jti: sid }))
    throw new InvalidSessionError('sid', 'the jti of a session');
  if (!isEpochTime(auth_time, 1))
    throw new InvalidSessionError('auth_time', 'a whole number of epoch milliseconds');
  if (!isEpochTime(expires_at, 1_000))
    throw new InvalidSessionError('expires_at', 'a whole number of epoch seconds');
  return {
    ...reference,
    sid,
    auth_time,
    expires_at,
    ...(typeof user_agent === 'string' ? { user_agent } : {}),
    ...(typeof ip === 'string' ? { ip } : {}),
  };
}

/**
 * Whether a value is a whole number that a date can be made of.
 *
 * @param unitMs milliseconds in one unit of the value
 */
export function isEpochTime(value: unknown, unitMs: number): value is number {
  return Number.isInteger(value) && Math.abs(Number(value) * unitMs) <= MAX_EPOCH_MS;
}
