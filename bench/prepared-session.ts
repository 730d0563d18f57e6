import { createSecretKey, randomBytes } from 'node:crypto';
import type { SessionStore } from '../lib/aws/dynamodb.ts';
import { issueSession, type Signer } from '../lib/login/issue.ts';
import type { PreparedRequest } from './load.ts';

/** The two requests of one live session's user. */
export interface PreparedSession {
  readonly check: PreparedRequest;
  readonly logout: PreparedRequest;
}

/** What the tokens of this bench are signed with. */
export const jwtSecret = randomBytes(36).toString('base64url');
const signer: Signer = { key: createSecretKey(Buffer.from(jwtSecret)), algorithm: 'HS256' };
/** Sessions created at a time. */
const CREATE_CONCURRENTLY = 8;

/** Begins sessions of as many users, as a login service does, for contenders that take our tokens. */
export async function beginJwtSessions(
  store: SessionStore,
  count: number,
): Promise<PreparedSession[]> {
  const sessions: PreparedSession[] = [];
  while (sessions.length < count) {
    const batch = Math.min(CREATE_CONCURRENTLY, count - sessions.length);
    sessions.push(
      ...(await Promise.all(Array.from({ length: batch }, () => beginJwtSession(store)))),
    );
  }
  return sessions;
}

async function beginJwtSession(store: SessionStore): Promise<PreparedSession> {
  const sub = `bench-${randomBytes(8).toString('hex')}`;
  const { token } = await issueSession(store, signer, { sub, ttlSeconds: 3_600 });
  const headers = { authorization: `Bearer ${token}` };
  return {
    check: { method: 'GET', path: '/api/v1/auth/me', headers },
    logout: {
      method: 'POST',
      path: '/api/v1/auth/logout',
      headers: { ...headers, 'content-length': '0' },
    },
  };
}
