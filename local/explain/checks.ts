import type { AuthenticTokenStatus, RefusalReason } from '../../lib/tokens/verify.ts';
import { shown, shownTime } from '../../support/printable.ts';
import type { Examined } from './examine.ts';

/** Why a token opens nothing, whatever its session; `keys_unavailable` is a 500, the others are a 401. */
export type Failure = RefusalReason | Exclude<AuthenticTokenStatus, 'verified'> | 'keys_unavailable';

/**
 * The verifier's checks in its order, and the reasons of each. Of several issuers `iss` chooses one first;
 * a single one is compared after the signature. What a token that still ends its session fails is last.
 */
const CHECKS = {
  form: ['too_large', 'malformed'],
  header: ['malformed_header', 'unsupported_header', 'unsupported_type'],
  issuer: ['wrong_issuer'],
  algorithm: ['algorithm_not_allowed'],
  key: ['unknown_key', 'keys_unavailable'],
  signature: ['bad_signature'],
  claims: ['wrong_issuer', 'invalid_claims'],
  events: ['security_event'],
  audience: ['wrong_audience'],
  required: ['missing_claim'],
  names: ['invalid_session_reference'],
  times: ['expired', 'not_yet_valid'],
  cnf: ['sender_constrained'],
} as const satisfies Record<string, readonly Failure[]>;

const MEANING: Readonly<Record<Failure, string>> = {
  too_large: 'more than 8,192 bytes',
  malformed: 'not three parts of base64url; undefined, or half a token, is none',
  malformed_header: 'the header is no JSON object, or has repeated or wrongly typed members',
  unsupported_header: 'the header has crit or b64, or the token is encrypted',
  unsupported_type: 'typ is neither absent nor JWT nor at+jwt: this is no access token',
  algorithm_not_allowed: 'alg is not on the allowlist',
  unknown_key: 'no key has this kid and alg',
  keys_unavailable: 'the keys cannot be read, so that nothing is known about the token',
  bad_signature: 'signed with another key',
  wrong_issuer: 'iss is not as configured; a slash at its end is a difference',
  invalid_claims: 'the payload is no JSON object, has no exp, or times of the wrong type',
  security_event: 'a token with events is a logout or security event token',
  wrong_audience: 'no name of JWT_AUDIENCE is in aud, nor the client where there is no aud',
  missing_claim: 'a claim that JWT_REQUIRE names is missing or differs',
  invalid_session_reference: 'a claim that names the user or the session is missing or no key',
  expired: 'exp has passed',
  not_yet_valid: 'nbf is to come',
  sender_constrained: 'a token with cnf is bound to a key of its holder, and no bearer token',
};

/** The checks up to the first that failed, a line each, and the names of those that were not reached. */
export function checkLines(examined: Examined): readonly string[] {
  const { failure, issuers } = examined;
  const checks = Object.entries(CHECKS)
    .filter(([name]) => name !== 'issuer' || issuers.length > 1)
    .map(([name, reasons]: [string, readonly Failure[]]) => ({ name, reasons }));
  const failed = checks.findIndex(({ reasons }) => reasons.some((reason) => reason === failure));
  const reached = failed < 0 ? checks : checks.slice(0, failed + 1);
  const facts: Readonly<Record<string, string>> = factsOf(examined);
  const skipped = checks.slice(reached.length).map(({ name }) => name);
  return [
    ...reached.map(({ name }, index) =>
      index === failed && failure
        ? `FAIL  ${name.padEnd(10)} ${failure}: ${MEANING[failure]}. ${facts[name]}`
        : `ok    ${name.padEnd(10)} ${facts[name]}`,
    ),
    ...(skipped.length > 0 ? [`-     not looked at: ${skipped.join(', ')}`] : []),
  ];
}

/** What each check looks at. */
function factsOf(examined: Examined): Record<keyof typeof CHECKS, string> {
  const { token, header, claims, issuers, issuer, keys, signedBy, problem } = examined;
  const { audience = [], required = [], userClaim = '', sessionClaim = '' } = issuer ?? {};
  const expected = issuers.map((each) => (each.issuer === undefined ? 'any' : shown(each.issuer)));
  const listed = (source: typeof claims, ...names: readonly string[]) =>
    names.map((name) => `${name} ${shown(source[name])}`).join(', ');
  const clients = ['client_id', 'azp', 'cid', 'appid'].filter((name) => name in claims);
  return {
    form: `${Buffer.byteLength(token)} bytes in ${token.split('.').length} parts`,
    header: listed(header, 'alg', 'typ', 'kid'),
    issuer: `${listed(claims, 'iss')}; JWT_ISSUERS has ${expected.join(', ')}`,
    algorithm: `allowed: ${issuer?.keys.algorithms.join(', ')}`,
    key: problem ?? `${keys.length} of the issuer’s keys may have signed this header`,
    signature: `${keys.length} tried${signedBy ? `; made with key ${keys.indexOf(signedBy) + 1}, kid ${shown(signedBy.kid)}` : ''}`,
    claims: `${listed(claims, 'iss', 'iat', 'exp')}; JWT_ISSUER: ${expected.join(', ')}`,
    events: listed(claims, 'events'),
    audience: `${listed(claims, 'aud', ...clients)}; JWT_AUDIENCE: ${audience.join(' ') || 'any'}`,
    required: required.map(({ name }) => listed(claims, name)).join(', ') || 'nothing more',
    names: `user ${userClaim} ${shown(claims[userClaim])}, session ${sessionClaim} ${shown(claims[sessionClaim])}`,
    times: `exp ${shownTime(claims.exp, 1_000)}, nbf ${shownTime(claims.nbf, 1_000)}, now ${shownTime(Date.now(), 1)}`,
    cnf: 'cnf' in claims ? 'cnf is there' : 'cnf absent',
  };
}
