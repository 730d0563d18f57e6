import { randomUUID } from 'node:crypto';
import { decodeJwt, type JWTPayload } from 'jose';
import type { IssuerConfiguration } from '../lib/auth/config.ts';
import type { SessionStore } from '../lib/aws/dynamodb.ts';
import {
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
  if (rules?.adoption) return signAdoptable(store, signer, rules, request, nowMs);
  const jti = request.jti ?? randomUUID();
  const claims = rules ? claimsOf(rules, request, { [rules.sessionClaim]: jti }) : request.claims;
  return issueSession(store, signer, { ...request, jti, claims }, nowMs);
}

async function signAdoptable(
  store: SessionStore,
  signer: Signer,
  rules: TokenRules,
  request: NewSession,
  nowMs: number,
): Promise<IssuedToken> {
  const draft = newSession({ ...request, sub: rules.partitionPrefix + request.sub }, nowMs);
  // `iat` has whole seconds, so that a token of the second of a logout everywhere would be over at once.
  const beganMs = authTimeAfter(await readCutoff(store, draft.sub), nowMs);
  const { sessionClaim } = rules;
  const byTime = sessionClaim === 'auth_time';
  // A NumericDate may have fractions, but not one that names a session. 1 ms makes up for rounding.
  const auth_time = byTime ? Math.ceil(beganMs / 1_000) : (beganMs + 1) / 1_000;
  const named = byTime || sessionClaim === 'none' ? {} : { [sessionClaim]: draft.jti };
  const claims = claimsOf(rules, request, { auth_time, ...named });
  const token = await signSession(signer, draft, claims, nowMs);
  const key = sessionOf(decodeJwt(token), token, rules);
  if (!key) throw new Error('The signed token names no session');
  const { expires_at } = draft;
  return {
    token,
    session: {
      ...{ ...key, sid: key.jti, auth_time: Math.floor(auth_time * 1_000), expires_at },
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
  const asked = required.map((part) => {
    const [name = '', ...value] = part.split('=');
    return [name, value.length > 0 ? value.join('=') : 'any'] as const;
  });
  return { ...Object.fromEntries(asked), ...claims, [userClaim]: sub, ...session };
}
