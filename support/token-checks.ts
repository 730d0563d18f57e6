import type { Verification } from '../lib/tokens/verify.ts';
import { withCause } from './attempt.ts';
import type { Examined } from './examine-token.ts';
import { shown, shownTime } from './printable.ts';
import { meaningOf } from './reasons.ts';

/** What the keys' source answers in place of keys; not the token's fault, and a 500. */
const NO_KEYS = 'keys_unavailable';

/**
 * The verifier's checks in its order, and the reasons of each. Of several issuers `iss` chooses one first;
 * a single one is compared after the signature. What a token may fail and still end its session is last.
 */
const CHECKS: readonly (readonly [name: string, ...reasons: readonly string[]])[] = [
  ['form', 'too_large', 'malformed'],
  ['header', 'malformed_header', 'unsupported_header', 'unsupported_type'],
  ['issuer', 'wrong_issuer'],
  ['algorithm', 'algorithm_not_allowed'],
  ['key', 'unknown_key', NO_KEYS],
  ['signature', 'bad_signature'],
  ['claims', 'wrong_issuer', 'invalid_claims'],
  ['events', 'security_event'],
  ['audience', 'wrong_audience'],
  ['require', 'missing_claim'],
  ['names', 'invalid_session_reference'],
  ['times', 'expired', 'not_yet_valid'],
  ['cnf', 'sender_constrained'],
];

/** The reason why a token is not verified, if it is not. */
export function reasonOf(outcome: Verification | Error): string | undefined {
  if (outcome instanceof Error) return NO_KEYS;
  if (outcome.status === 'verified') return undefined;
  return outcome.status === 'refused' ? outcome.reason : outcome.status;
}

/** A line for each check up to the one that failed, and one for those that were not reached. */
export function checkLines(examined: Examined): readonly string[] {
  const reason = reasonOf(examined.outcome);
  const checks = CHECKS.filter(([name]) => name !== 'issuer' || examined.issuers.length > 1);
  const failed = checks.findIndex(([, ...reasons]) => reasons.includes(reason ?? ''));
  const end = failed < 0 ? checks.length : failed;
  const facts = factsOf(examined);
  const passed = checks.slice(0, end).map(([name]) => line('ok', name, facts[name]));
  if (reason === undefined) return passed;
  const [name = reason] = checks[failed] ?? [];
  const meaning = reason === NO_KEYS ? 'nothing is known about the token' : meaningOf(reason);
  const left = checks.slice(end + 1).map(([each]) => each);
  return [
    ...passed,
    line('FAIL', name, `${reason}: ${meaning}`),
    line('', '', facts[name]),
    ...(left.length > 0 ? [line('-', 'not reached', left.join(', '))] : []),
  ];
}

/** A line of the report. */
export function line(verdict: string, name: string, text = ''): string {
  return `${verdict.padEnd(5)} ${name.padEnd(10)} ${text}`;
}

/** What each check looks at. */
function factsOf(examined: Examined): Readonly<Record<string, string>> {
  const { token, header, claims, issuers, issuer, keys, tried, outcome } = examined;
  const { audience = [], required = [], userClaim = '', sessionClaim = '' } = issuer ?? {};
  const list = (source: typeof claims, ...names: readonly string[]) =>
    names.map((name) => `${name} ${shown(source[name])}`).join(', ');
  const clients = ['client_id', 'azp', 'cid', 'appid'].filter((name) => name in claims);
  const expected = issuers.map((each) => (each.issuer === undefined ? 'any' : shown(each.issuer)));
  const foreign = issuer?.issuer !== undefined && issuer.issuer !== claims.iss;
  const hint = foreign ? `; iss, unverified: ${shown(claims.iss)}` : '';
  const session = sessionClaim === 'none' ? 'the token itself' : list(claims, sessionClaim);
  return {
    form: `${Buffer.byteLength(token)} bytes, ${token.split('.').length} parts`,
    header: list(header, 'alg', 'typ', 'kid'),
    issuer: `${list(claims, 'iss')}; JWT_ISSUERS has ${expected.join(', ')}`,
    algorithm: `allowed: ${issuer?.keys.algorithms.join(', ')}`,
    key:
      outcome instanceof Error ? withCause(outcome) : `${keys.length} for this alg and kid${hint}`,
    signature: `key ${tried} of ${keys.length}, kid ${shown(keys[tried - 1]?.kid)}`,
    claims: `${list(claims, 'iss', 'iat', 'exp')}; JWT_ISSUER ${expected.join(', ')}`,
    events: list(claims, 'events'),
    audience: `${list(claims, 'aud', ...clients)}; JWT_AUDIENCE ${audience.join(' ') || 'any'}`,
    require: required
      .map((part) => `${part}: ${shown(claims[part.split('=')[0] ?? ''])}`)
      .join(', '),
    names: `user ${list(claims, userClaim)}; session ${session}`,
    times: `nbf ${shownTime(claims.nbf, 1_000)}, exp ${shownTime(claims.exp, 1_000)}`,
    cnf: `cnf ${'cnf' in claims ? 'is there' : 'absent'}`,
  };
}
