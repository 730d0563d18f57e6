import { findCaller } from '../auth/authenticate.ts';
import type { EventSource } from '../auth/events.ts';
import type { Services } from '../auth/services.ts';
import { defined, isObject } from '../shared/json.ts';
import { verifyToken } from '../tokens/verify.ts';

/** Claims in the answer, unchanged (RFC 7662, section 2.2, and further ones for resource servers). */
const MEMBERS = [
  'exp',
  'iat',
  'nbf',
  'sub',
  'aud',
  'iss',
  'jti',
  'sid',
  'auth_time',
  'username',
  'cnf',
];

/**
 * Describes a token (RFC 7662, section 2.2): `{active: false}` and nothing else, or the members of an
 * active token. A sender-constrained token is active: the resource server checks the proof.
 *
 * @throws when the keys or the store cannot be asked
 */
export async function introspect(
  token: string,
  source: EventSource,
  { issuers }: Services,
): Promise<Readonly<Record<string, unknown>>> {
  const verification = await verifyToken(token, issuers);
  const isBound = verification.status === 'sender_constrained';
  const { caller } = await findCaller(
    isBound ? { ...verification, status: 'verified' } : verification,
    source,
    {},
  );
  if (!caller) return { active: false };
  const { claims } = caller;
  const scope = claims.scope ?? claims.scp;
  return {
    active: true,
    token_type: isBound && isDpop(claims.cnf) ? 'DPoP' : 'Bearer',
    ...Object.fromEntries(
      MEMBERS.filter((name) => Object.hasOwn(claims, name)).map((name) => [name, claims[name]]),
    ),
    ...defined({
      scope: Array.isArray(scope) ? scope.join(' ') : scope,
      client_id: claims.client_id ?? claims.azp ?? claims.cid ?? claims.appid,
    }),
  };
}

function isDpop(cnf: unknown): boolean {
  return isObject(cnf) && 'jkt' in cnf;
}
