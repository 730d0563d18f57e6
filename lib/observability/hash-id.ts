import { createHmac } from 'node:crypto';
import { logSalt } from '../auth/config.ts';

/**
 * Stands for a subject or a token id in the log: the same for the same value, so that one can follow a
 * user, and of no use to whoever reads the log but has not the salt. `npm run hash-id` makes it for a
 * given user.
 *
 * @param salt LOG_SALT
 * @returns 16 hexadecimal digits
 */
export function hashId(value: string, salt: string = logSalt()): string {
  return createHmac('sha256', salt).update(value).digest('hex').slice(0, 16);
}
