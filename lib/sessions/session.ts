import { defined } from '../shared/json.ts';
import { isJti, parseRowKey, type SessionKey } from './key.ts';

/** One session row: one token that may be used. */
export interface Session extends SessionKey {
  /** Token family: the first `jti`, inherited by refreshed tokens. */
  readonly sid: string;
  /** When the user authenticated, in epoch milliseconds; inherited by refreshed tokens. */
  readonly auth_time: number;
  /** End of life, in epoch seconds; DynamoDB's TTL attribute. */
  readonly expires_at: number;
  readonly user_agent?: string;
  readonly ip?: string;
  /** Session id at the identity provider; inherited by refreshed tokens. */
  readonly idp_sid?: string;
  /** The `jti` of the successor: a refresh has replaced this row. */
  readonly rotated_to?: string;
  /** Until when another refresh of this token gets the same successor, in epoch milliseconds. */
  readonly reusable_until?: number;
  /** Last use, in epoch milliseconds, as coarse as a tenth of IDLE_TIMEOUT; inherited by refreshed tokens. */
  readonly last_seen?: number;
  /** When the session was ended, in epoch milliseconds. */
  readonly ended_at?: number;
}

/** End of the year 9999, in epoch milliseconds, the last date of ISO 8601; microseconds are beyond. */
const MAX_EPOCH_MS = 253_402_300_799_999;

/** Last `expires_at`, in epoch seconds. */
export const LAST_EXPIRES_AT = Math.floor(MAX_EPOCH_MS / 1_000);

/** A session or a row that violates the schema in docs/login-service.md. */
export class InvalidSessionError extends TypeError {
  override readonly name = 'InvalidSessionError';
  /** The invalid attribute, a code for the log; `key` stands for `sub` and `jti`. */
  readonly attribute: 'key' | Exclude<keyof Session, keyof SessionKey>;

  constructor(attribute: InvalidSessionError['attribute'], expected: string) {
    const subject = attribute === 'key' ? 'sub and jti' : attribute;
    super(`The session's ${subject} must be ${expected}`);
    this.attribute = attribute;
  }
}

/**
 * Parses a session row, which any login service may have written.
 *
 * @throws InvalidSessionError naming the first invalid attribute
 */
export function parseSession(row: object): Session {
  const attributes: Partial<Record<keyof Session, unknown>> = row;
  const { sid, auth_time, expires_at, reusable_until, last_seen } = attributes;
  const key = parseRowKey(attributes);
  if (!key) throw new InvalidSessionError('key', 'within the limits of docs/login-service.md');
  if (!isJti(sid)) throw new InvalidSessionError('sid', 'the jti of a session');
  if (!isRecentTime(auth_time))
    throw new InvalidSessionError('auth_time', 'a whole number of epoch milliseconds');
  if (!isEpochTime(expires_at, 1_000))
    throw new InvalidSessionError('expires_at', 'a whole number of epoch seconds');
  const rotated_to = parseMark(attributes);
  if (reusable_until !== undefined && !isEpochTime(reusable_until, 1))
    throw new InvalidSessionError('reusable_until', 'a whole number of epoch milliseconds');
  if (last_seen !== undefined && !isRecentTime(last_seen))
    throw new InvalidSessionError('last_seen', 'a whole number of epoch milliseconds');
  return {
    ...key,
    sid,
    auth_time,
    expires_at,
    ...defined({
      user_agent: optionalString(attributes.user_agent),
      ip: optionalString(attributes.ip),
      idp_sid: optionalString(attributes.idp_sid),
      rotated_to,
      reusable_until,
      last_seen,
      // An attribute of any type says that the session is over.
      ended_at: attributes.ended_at === undefined ? undefined : Number(attributes.ended_at),
    }),
  };
}

/**
 * Parses a row's mark, set by a refresh.
 *
 * @returns the `jti` of the successor; undefined where no refresh has replaced the row
 * @throws InvalidSessionError for a mark that names no session
 */
export function parseMark({ rotated_to }: { readonly rotated_to?: unknown }): string | undefined {
  if (rotated_to === undefined || isJti(rotated_to)) return rotated_to;
  throw new InvalidSessionError('rotated_to', 'the jti of a session');
}

function optionalString(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** Least `auth_time` and `last_seen`: September 2001. A smaller value is in seconds, as in claims. */
export const MIN_TIME_MS = 1_000_000_000_000;

/** Whether a value is a time in epoch milliseconds, and not one in seconds. */
export function isRecentTime(value: unknown): value is number {
  return isEpochTime(value, 1) && value >= MIN_TIME_MS;
}

/**
 * Whether a value is a whole number and a date up to the year 9999.
 *
 * @param unitMs milliseconds per unit of the value
 */
export function isEpochTime(value: unknown, unitMs: number): value is number {
  return Number.isInteger(value) && Math.abs(Number(value) * unitMs) <= MAX_EPOCH_MS;
}
