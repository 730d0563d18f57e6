import { createHmac } from 'node:crypto';
import { logSalt } from './settings.ts';

/**
 * Hashes a user or session id for the log: 16 hexadecimal digits of an HMAC-SHA-256 with LOG_SALT. Equal
 * ids give equal hashes. `npm run hash-id` prints the hash of a given id.
 */
export function hashId(value: string, salt: string = logSalt()): string {
  return createHmac('sha256', salt).update(value).digest('hex').slice(0, 16);
}
