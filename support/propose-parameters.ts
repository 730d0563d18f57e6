import { TOKEN_IS_SESSION } from '../lib/tokens/session-claims.ts';
import { attempt, withCause } from './attempt.ts';
import { discoverJwksUrl } from './discovery.ts';
import type { Examined } from './examine-token.ts';
import { printable } from './printable.ts';

/** Reasons that other parameters could take away. */
const ABOUT_PARAMETERS = [
  ...['wrong_issuer', 'algorithm_not_allowed', 'unknown_key', 'bad_signature'],
  ...['invalid_session_reference', 'keys_unavailable'],
];

/** Claims that may name a session, the best first: those that refreshed tokens keep, then those of a token. */
const SESSION_CLAIMS = ['origin_jti', 'sid', 'session_id', 'jti', 'uti', 'auth_time'];

/**
 * Proposes the parameters for a token that those of today do not fit, by its unverified claims.
 *
 * @param discover whether to ask the issuer for its keys' URL
 */
export async function proposeParameters(
  { header, claims }: Examined,
  reason: string | undefined,
  discover: boolean,
): Promise<readonly string[]> {
  const { iss } = claims;
  if (!ABOUT_PARAMETERS.includes(reason ?? '') || typeof iss !== 'string' || !isUsable(iss))
    return [];
  const session = SESSION_CLAIMS.find((name) => isUsable(claims[name])) ?? 'none';
  const keys = String(header.alg).startsWith('HS')
    ? { JWT_SECRET_PARAMETER: '<SSM parameter with the issuer’s secret>' }
    : {
        JWT_JWKS_URL: discover
          ? await discovered(iss)
          : '<jwks_uri of the issuer: --discover asks>',
      };
  const { aud, client_id, azp, cid, appid } = claims;
  const audience = aud === undefined ? [client_id, azp, cid, appid] : [aud].flat();
  const isEntra = isUsable(claims.oid) && isUsable(claims.tid);
  const variables: Readonly<Record<string, unknown>> = {
    ...{ JWT_ISSUER: iss, ...keys },
    JWT_AUDIENCE: audience.find((name) => isUsable(name) && !`${name}`.endsWith('/userinfo')),
    JWT_REQUIRE: 'token_use' in claims ? 'token_use=access' : undefined,
    JWT_USER_CLAIM: isEntra ? 'oid' : undefined,
    ...{ JWT_SESSION_CLAIM: session, SESSIONS: 'adopted' },
  };
  const lines = Object.entries(variables)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `  ${name}=${quoted(String(value))}`);
  return [
    'If you trust the issuer, parameters for it, read from unverified claims (beside another issuer: an entry of JWT_ISSUERS):',
    ...lines,
    TOKEN_IS_SESSION.includes(session)
      ? 'No claim outlives a refresh: a logout then ends this token alone.'
      : 'A logout then ends refreshed tokens too.',
    ...(claims.token_use === 'id' ? ['This is an ID token: send the access token.'] : []),
  ];
}

async function discovered(iss: string): Promise<string> {
  const url = await attempt(() => discoverJwksUrl(iss));
  return url instanceof Error ? `<not discovered: ${withCause(url)}>` : url.href;
}

/** A short text without control characters, or a whole number. */
function isUsable(value: unknown): boolean {
  if (Number.isSafeInteger(value)) return true;
  return typeof value === 'string' && /^.{1,512}$/u.test(value) && printable(value) === value;
}

function quoted(value: string): string {
  return /^[\w.,:/@=+-]+$/.test(value) ? value : `'${value.replaceAll("'", "'\\''")}'`;
}
