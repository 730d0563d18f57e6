import { createHmac } from 'node:crypto';
import { logSalt } from './settings.ts';

/**
 * Hashes a user or session id for the log. Equal ids give equal hashes, so a log reader can follow a
 * user without learning who the user is. `npm run hash-id` prints the hash of a given id.
 *
 * @param salt LOG_SALT
 * @returns 16 hexadecimal digits of an HMAC-SHA-256
 */
export function hashId(value: string, salt: string = logSalt()): string {
  return createHmac('sha256', salt).update(value).digest('hex').slice(0, 16);
}
