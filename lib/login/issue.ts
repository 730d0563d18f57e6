import { randomUUID } from 'node:crypto';
import { type CryptoKey, type JWTPayload, type KeyObject, SignJWT } from 'jose';
import type { SessionStore } from '../aws/dynamodb.ts';
import type { SessionKey } from '../sessions/key.ts';
import type { Session } from '../sessions/session.ts';
import { createSession, rotateSession } from '../sessions/sessions.ts';

/** How a login service signs: its key, and the claims that this service checks. */
export interface Signer {
  /** The HMAC secret's bytes, or a private key. */
  readonly key: Uint8Array | KeyObject | CryptoKey;
  /** For example `HS256`. */
  readonly algorithm: string;
  /** The key's id, where the verifier reads a key set. */
  readonly kid?: string | undefined;
  readonly issuer?: string | undefined;
  readonly audience?: string | undefined;
}

/** What a login service knows once a user has authenticated. */
export interface NewSession {
  readonly sub: string;
  /** Life of the token and of its session, in seconds. */
  readonly ttlSeconds: number;
  /** Further claims, such as `name`; the registered ones that are set here cannot be overridden. */
  readonly claims?: JWTPayload | undefined;
  /** Defaults to a fresh UUID. */
  readonly jti?: string | undefined;
  /** Shown in the list of sessions. */
  readonly userAgent?: string | undefined;
  readonly ip?: string | undefined;
}

/**
 * Begins a session: one conditional put, then one signature, so that no token exists without its row.
 *
 * @param nowMs epoch milliseconds
 * @throws Error when the `jti` is taken, or the store does not answer
 */
export async function issueSession(
  store: SessionStore,
  signer: Signer,
  request: NewSession,
  nowMs: number = Date.now(),
): Promise<{ readonly token: string; readonly session: Session }> {
  const session = newSession(request, nowMs);
  if (!(await createSession(store, session)))
    throw new Error('A session with this sub and jti exists already');
  return { token: await signSession(signer, session, request.claims, nowMs), session };
}

/** What a login service gives when a user's token is refreshed. */
export type RefreshedSession = Omit<NewSession, 'sub'>;

/**
 * Goes on with a session under a new token: the old one is dead, `auth_time` and `sid` are inherited.
 *
 * @returns null when the old session is not alive, or another refresh was faster: log in again
 */
export async function refreshSession(
  store: SessionStore,
  signer: Signer,
  old: SessionKey,
  request: RefreshedSession,
  nowMs: number = Date.now(),
): Promise<{ readonly token: string; readonly session: Session } | null> {
  const { jti, expires_at, user_agent, ip } = newSession({ ...request, sub: old.sub }, nowMs);
  const rotation = {
    jti,
    expires_at,
    ...(user_agent === undefined ? {} : { user_agent }),
    ...(ip === undefined ? {} : { ip }),
  };
  const session = await rotateSession(store, old, rotation, nowMs);
  return session && { token: await signSession(signer, session, request.claims, nowMs), session };
}

/** The row of a user's new session. */
export function newSession(request: NewSession, nowMs: number): Session {
  const { sub, ttlSeconds, jti = randomUUID(), userAgent, ip } = request;
  return {
    sub,
    jti,
    sid: jti,
    auth_time: nowMs,
    expires_at: Math.floor(nowMs / 1_000) + ttlSeconds,
    ...(userAgent === undefined ? {} : { user_agent: userAgent }),
    ...(ip === undefined ? {} : { ip }),
  };
}

/** Signs the token of a session. */
export async function signSession(
  signer: Signer,
  session: Session,
  claims: JWTPayload = {},
  nowMs: number = Date.now(),
): Promise<string> {
  const { sub, jti, expires_at: exp } = session;
  const { key, algorithm: alg, kid, issuer, audience } = signer;
  return new SignJWT({
    ...claims,
    ...(issuer === undefined ? {} : { iss: issuer }),
    ...(audience === undefined ? {} : { aud: audience }),
    sub,
    jti,
    exp,
    iat: Math.floor(nowMs / 1_000),
  })
    .setProtectedHeader({ alg, typ: 'JWT', ...(kid === undefined ? {} : { kid }) })
    .sign(key);
}
