import { findCaller } from '../auth/authenticate.ts';
import type { Services } from '../auth/services.ts';
import type { HttpRequest } from '../http/request.ts';
import { defined, isObject } from '../shared/json.ts';
import { CLIENT_CLAIMS } from '../tokens/claims.ts';
import { namedBy } from '../tokens/session-claims.ts';
import { verifyToken } from '../tokens/verify.ts';

/** Claims in the answer (RFC 7662, section 2.2, and further ones for resource servers), by their type. */
const TEXTS = ['sub', 'iss', 'jti', 'sid', 'username'] as const;
const TIMES = ['exp', 'iat', 'nbf', 'auth_time'] as const;

type Claims = Readonly<Record<string, unknown>>;

/**
 * Describes a token (RFC 7662, section 2.2): `{active: false}` and nothing else, or the members of an
 * active token. A sender-constrained token is active: the resource server checks the proof.
 *
 * @throws when the keys or the store cannot be asked
 */
export async function introspect(
  token: string,
  request: HttpRequest,
  { issuers }: Services,
): Promise<Claims> {
  const verification = await verifyToken(token, issuers);
  const isBound = verification.status === 'sender_constrained';
  // The browser behind a resource server is unknown: an adopted session gets no user agent and no address.
  const { caller } = await findCaller(
    isBound ? { ...verification, status: 'verified' } : verification,
    request,
    () => ({}),
  );
  if (!caller) return { active: false };
  const { claims } = caller;
  const isDpop = isBound && isObject(claims.cnf) && 'jkt' in claims.cnf;
  return { active: true, token_type: isDpop ? 'DPoP' : 'Bearer', ...membersOf(claims) };
}

/** A claim of another type than its member's is left out: a strict client would refuse the whole answer. */
function membersOf(claims: Claims): Claims {
  const times = TIMES.map((name) => [name, ofType('number', claims[name])]);
  const texts = TEXTS.map((name) => [name, ofType('string', namedBy(claims, name))]);
  const { aud, scope, scp } = claims;
  return defined({
    ...Object.fromEntries([...times, ...texts]),
    aud: ofType('string', aud) ?? textsOf(aud),
    // One text of words; some issuers write an array.
    scope: [scope, textsOf(scope)?.join(' '), scp, textsOf(scp)?.join(' ')].find(isText),
    client_id: CLIENT_CLAIMS.map((name) => claims[name]).find(isText),
    // Whatever its type, as a resource server may not take a bound token for a bearer token.
    cnf: claims.cnf,
  });
}

function ofType(type: 'number' | 'string', claim: unknown): unknown {
  return typeof claim === type ? claim : undefined;
}

function textsOf(claim: unknown): readonly string[] | undefined {
  return Array.isArray(claim) && claim.every(isText) ? claim : undefined;
}

function isText(claim: unknown): claim is string {
  return typeof claim === 'string';
}
