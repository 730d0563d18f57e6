import { decodeJwt, type JWTPayload } from 'jose';
import type { IssuerConfiguration } from '../lib/auth/config.ts';
import type { SessionStore } from '../lib/aws/dynamodb.ts';
import {
  beginSession,
  issueSession,
  type NewSession,
  newSession,
  type Signer,
  signSession,
} from '../lib/login/issue.ts';
import { authTimeAfter } from '../lib/sessions/cutoff.ts';
import { readCutoff } from '../lib/sessions/revoke-many.ts';
import type { Session } from '../lib/sessions/session.ts';
import { defined } from '../lib/shared/json.ts';
import { sessionOf } from '../lib/tokens/session-claims.ts';

/** What the configuration asks of a token beside signature, issuer and audience. */
export type TokenRules = Pick<
  IssuerConfiguration,
  'adoption' | 'partitionPrefix' | 'userClaim' | 'sessionClaim' | 'required'
>;

/** A signer, and the rules of the service that its tokens are for. */
export interface ServiceSigner extends Signer {
  /** Undefined: registered sessions, named by `sub` and `jti`. */
  readonly rules?: TokenRules;
}

export interface IssuedToken {
  readonly token: string;
  readonly session: Session;
}

/**
 * Signs a token that a service accepts. The row of a registered session is put first; that of an adopted
 * session comes with the first check, as with an identity provider's tokens, and nothing is written.
 *
 * @param nowMs epoch milliseconds
 * @returns the token, and the row as written or as the first check finds it (but for `expires_at`, the token's)
 * @throws Error when the `jti` is taken, or the store does not answer
 */
export async function issueToken(
  store: SessionStore,
  signer: ServiceSigner,
  request: NewSession,
  nowMs: number = Date.now(),
): Promise<IssuedToken> {
  const { rules } = signer;
  if (!rules) return issueSession(store, signer, request, nowMs);
  const draft = newSession(request, nowMs);
  const sub = rules.partitionPrefix + draft.sub;
  if (rules.adoption) return signAdoptable(store, signer, rules, request, { ...draft, sub });
  const session = await beginSession(store, { ...request, sub, jti: draft.jti }, nowMs);
  if (!session) throw new Error('A session with this sub and jti exists already');
  const claims = claimsOf(rules, request, { [rules.sessionClaim]: draft.jti });
  const signed = { ...session, sub: draft.sub };
  return { token: await signSession(signer, signed, claims, nowMs), session };
}

async function signAdoptable(
  store: SessionStore,
  signer: Signer,
  rules: TokenRules,
  request: NewSession,
  draft: Session,
): Promise<IssuedToken> {
  // `iat` has whole seconds, so that a token of the second of a logout everywhere would be over at once.
  const beganMs = authTimeAfter(await readCutoff(store, draft.sub), draft.auth_time);
  const { sessionClaim } = rules;
  const byTime = sessionClaim === 'auth_time';
  // A NumericDate may have fractions, but not one that names a session. 1 ms makes up for rounding.
  const auth_time = byTime ? Math.ceil(beganMs / 1_000) : (beganMs + 1) / 1_000;
  const named = byTime || sessionClaim === 'none' ? {} : { [sessionClaim]: draft.jti };
  const claims = claimsOf(rules, request, { auth_time, ...named });
  const signed = { ...draft, sub: request.sub };
  const token = await signSession(signer, signed, claims, draft.auth_time);
  const key = sessionOf(decodeJwt(token), token, rules);
  if (!key) throw new Error('The signed token names no session');
  return {
    token,
    session: {
      ...{ sub: key.sub, jti: key.jti, sid: key.jti, expires_at: draft.expires_at },
      auth_time: Math.floor(auth_time * 1_000),
      ...defined({ user_agent: request.userAgent, ip: request.ip }),
    },
  };
}

/** The claims of a request, those that JWT_REQUIRE asks for, and those that name user and session. */
function claimsOf(
  { required, userClaim }: TokenRules,
  { sub, claims }: NewSession,
  session: JWTPayload,
): JWTPayload {
  const asked = required.map(({ name, value }) => [name, value ?? 'any'] as const);
  return { ...Object.fromEntries(asked), ...claims, [userClaim]: sub, ...session };
}
