import { logSalt } from './config.ts';
import { hmacSha256 } from './hmac.ts';

/**
 * Stands for a subject or a token id in the log: the same for the same value, so that one can follow a
 * user, and of no use to whoever reads the log but has not the salt. `npm run pseudonym` makes it for a
 * given user.
 *
 * @param salt LOG_SALT
 * @returns 16 hexadecimal digits
 */
export function pseudonym(value: string, salt: string = logSalt()): string {
  return hmacSha256(salt, value).toString('hex').slice(0, 16);
}
