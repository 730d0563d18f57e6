import { type KeyObject, randomUUID, type webcrypto } from 'node:crypto';
import { type JWTPayload, SignJWT } from 'jose';
import type { SessionStore } from '../aws/dynamodb.ts';
import { authTimeAfter } from '../sessions/cutoff.ts';
import { GUEST_PREFIX, isGuest, type SessionKey } from '../sessions/key.ts';
import { readCutoff } from '../sessions/revoke-many.ts';
import { InvalidSessionError, parseSession, type Session } from '../sessions/session.ts';
import { defined } from '../shared/json.ts';
import { beginLimited } from './begin-limited.ts';
import { createSession, rotateSession } from './create-session.ts';

export { revokeAll } from '../sessions/revoke-many.ts';

/** The key of a login service, and the claims that this service checks. */
export interface Signer {
  /** Bytes of the HMAC secret, or a private key. */
  readonly key: Uint8Array | KeyObject | webcrypto.CryptoKey;
  /** For example `HS256`. */
  readonly algorithm: string;
  readonly kid?: string | undefined;
  readonly issuer?: string | undefined;
  readonly audience?: string | undefined;
  /** `<issuer>|` where the deployment has JWT_ISSUERS: the user's rows stand under `<issuer>|<sub>`. */
  readonly partitionPrefix?: string | undefined;
}

/** Data of a new session, known once a user has authenticated. */
export interface NewSession {
  readonly sub: string;
  /** Life of the token and of its session, in seconds. */
  readonly ttlSeconds: number;
  /** Further claims, such as `name`. The registered claims set here win. */
  readonly claims?: Readonly<Record<string, unknown>> | undefined;
  /** Defaults to a random UUID. */
  readonly jti?: string | undefined;
  /** Shown in the list of sessions. */
  readonly userAgent?: string | undefined;
  readonly ip?: string | undefined;
  /** Session id at the identity provider (`sid` of its ID token). */
  readonly idpSid?: string | undefined;
  /** Sessions that a user may have at most, this one included: the oldest end. Default: any number. */
  readonly maxSessions?: number | undefined;
  /** Told of the sessions that `maxSessions` has ended, for the log. */
  readonly onEnded?: ((sessions: readonly Session[]) => void) | undefined;
}

/**
 * Begins a session: reads the user's cutoff, puts the row, and signs last. No token exists without a row.
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
  const sub = (signer.partitionPrefix ?? '') + request.sub;
  const session = await beginSession(store, { ...request, sub }, nowMs);
  if (!session) throw new Error('A session with this sub and jti exists already');
  return { token: await signSession(signer, session, request.claims, nowMs), session };
}

/**
 * Puts the row of a new session, for a token that is signed elsewhere.
 *
 * @returns null when the `jti` is taken
 * @throws as {@link issueSession}
 */
export async function beginSession(
  store: SessionStore,
  request: NewSession,
  nowMs: number = Date.now(),
): Promise<Session | null> {
  const draft = newSession(request, nowMs);
  const seen = store.idleMs === undefined ? draft : { ...draft, last_seen: nowMs };
  if (request.maxSessions !== undefined) return beginLimited(store, seen, request, nowMs);
  const cutoff = await readCutoff(store, draft.sub);
  const session = { ...seen, auth_time: authTimeAfter(cutoff, nowMs) };
  return (await createSession(store, session)) ? session : null;
}

/** How long a second refresh of one token gets the same successor, in seconds: two tabs, a lost answer. */
export const REUSE_INTERVAL_SECONDS = 10;

/** Data of a refreshed session. */
export interface RefreshedSession
  extends Omit<NewSession, 'sub' | 'idpSid' | 'maxSessions' | 'onEnded'> {
  /** Defaults to {@link REUSE_INTERVAL_SECONDS}; 0 allows each token one refresh. */
  readonly reuseIntervalSeconds?: number | undefined;
}

/**
 * Continues a session under a new token. `auth_time` and the token family (`sid`) are inherited, and
 * the old token opens nothing from now on.
 *
 * @param old the old token's `sub` and `jti`
 * @returns null where the old session is over, or its successor can no longer be handed out: the user
 *   has to log in again
 * @throws InvalidSessionError for the session of a token without `sub`, which has no user to continue
 */
export async function refreshSession(
  store: SessionStore,
  signer: Signer,
  old: SessionKey,
  request: RefreshedSession,
  nowMs: number = Date.now(),
): Promise<{ readonly token: string; readonly session: Session } | null> {
  const { reuseIntervalSeconds = REUSE_INTERVAL_SECONDS } = request;
  const key = { ...old, sub: (signer.partitionPrefix ?? '') + old.sub };
  const rotation = newSession({ ...request, sub: old.sub }, nowMs);
  const reuseMs = reuseIntervalSeconds * 1_000;
  const session = await rotateSession(store, key, rotation, nowMs, reuseMs);
  return session && { token: await signSession(signer, session, request.claims, nowMs), session };
}

/**
 * Builds the row of a new session of a user without a cutoff.
 *
 * @throws InvalidSessionError naming what cannot be stored
 */
export function newSession(request: NewSession, nowMs: number): Session {
  const { sub, ttlSeconds, jti = randomUUID(), userAgent, ip, idpSid } = request;
  if (isGuest(sub)) throw new InvalidSessionError('key', `of a user; ${GUEST_PREFIX} is reserved`);
  return parseSession({
    sub,
    jti,
    sid: jti,
    auth_time: nowMs,
    expires_at: Math.floor(nowMs / 1_000) + ttlSeconds,
    ...defined({ user_agent: userAgent, ip, idp_sid: idpSid }),
  });
}

/** Signs the token of a session. */
export async function signSession(
  signer: Signer,
  session: Session,
  claims: NewSession['claims'] = {},
  nowMs: number = Date.now(),
): Promise<string> {
  const { jti, expires_at: exp } = session;
  const { key, algorithm: alg, kid, issuer, audience, partitionPrefix = '' } = signer;
  const sub = session.sub.slice(partitionPrefix.length);
  return new SignJWT({
    ...(claims as JWTPayload),
    ...defined({ iss: issuer, aud: audience }),
    sub,
    jti,
    exp,
    iat: Math.floor(nowMs / 1_000),
  })
    .setProtectedHeader({ alg, typ: 'JWT', ...defined({ kid }) })
    .sign(key);
}
