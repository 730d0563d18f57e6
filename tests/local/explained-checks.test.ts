import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { examine } from '../../support/examine-token.ts';
import { checkLines, reasonOf } from '../../support/token-checks.ts';
import { makeKeyPair, signWith } from '../support/key-pairs.ts';
import { signRaw, TEST_SECRET } from '../support/signing.ts';
import { issuersOf } from '../support/verifier.ts';

const HS256 = { alg: 'HS256' };
const LIVE = { sub: 'alice', jti: 'one', exp: 4_000_000_000, iss: 'https://a.example' };
const STRICT = {
  JWT_SECRET: TEST_SECRET,
  JWT_ISSUER: 'https://a.example',
  JWT_AUDIENCE: 'shop',
  JWT_REQUIRE: 'token_use=access',
};
const FITTING = { ...LIVE, aud: 'shop', token_use: 'access' };

/** The report's lines about the checks. */
async function explained(token: string, variables: Readonly<Record<string, string>> = STRICT) {
  return checkLines(await examine(token, issuersOf(variables)));
}

/** The check that failed and its reason, such as `times expired`. */
function failureIn(lines: readonly string[]): string | undefined {
  return lines.map((line) => /^FAIL +(\w+) +(\w+):/.exec(line)?.slice(1).join(' ')).find(Boolean);
}

test('a token that fits passes all checks, in the verifier’s order', async () => {
  const lines = await explained(signRaw(HS256, FITTING));
  expect(lines.map((line) => line.split(/ +/).slice(0, 2).join(' '))).toEqual(
    [
      ...['form', 'header', 'algorithm', 'key', 'signature', 'claims', 'events', 'audience'],
      ...['require', 'names', 'times', 'cnf'],
    ].map((name) => `ok ${name}`),
  );
});

test.each<[string, string]>([
  ['form too_large', signRaw(HS256, { ...FITTING, pad: 'x'.repeat(8_192) })],
  ['form malformed', `${signRaw(HS256, FITTING)}=`],
  ['header malformed_header', signRaw('{"alg":"HS256","alg":"HS256"}', FITTING)],
  ['header unsupported_header', signRaw({ ...HS256, crit: [] }, FITTING)],
  ['header unsupported_type', signRaw({ ...HS256, typ: 'logout+jwt' }, FITTING)],
  ['algorithm algorithm_not_allowed', signRaw({ alg: 'none' }, FITTING)],
  ['signature bad_signature', signRaw(HS256, FITTING, 'another')],
  ['claims wrong_issuer', signRaw(HS256, { ...FITTING, iss: 'https://a.example/' })],
  ['claims invalid_claims', signRaw(HS256, { ...FITTING, exp: undefined })],
  ['claims invalid_claims', signRaw(HS256, '[]')],
  ['events security_event', signRaw(HS256, { ...FITTING, events: {} })],
  ['audience wrong_audience', signRaw(HS256, { ...FITTING, aud: 'other' })],
  ['require missing_claim', signRaw(HS256, { ...FITTING, token_use: 'id' })],
  ['names invalid_session_reference', signRaw(HS256, { ...FITTING, jti: undefined })],
  ['times expired', signRaw(HS256, { ...FITTING, exp: 1 })],
  ['times not_yet_valid', signRaw(HS256, { ...FITTING, nbf: 3_999_999_999 })],
  ['cnf sender_constrained', signRaw(HS256, { ...FITTING, cnf: { jkt: 'x' } })],
])('%s is the check that fails, and none after it is said to pass', async (expected, token) => {
  const lines = await explained(token);
  expect(failureIn(lines)).toBe(expected);
  const failed = lines.findIndex((line) => line.startsWith('FAIL'));
  expect(lines.slice(failed).filter((line) => line.startsWith('ok'))).toEqual([]);
  expect(lines.slice(0, failed).filter((line) => !line.startsWith('ok'))).toEqual([]);
});

test('every reason of the documents that is about a token has its check', async () => {
  const page = readFileSync('docs/operations.md', 'utf8');
  const [, section = ''] = page.split('### Reasons\n');
  const rows = (section.split(/^#/m)[0] ?? '').match(/^\| `.*/gm) ?? [];
  const reasons = rows
    .flatMap((row) => [...(row.split(' | ')[0] ?? '').matchAll(/`(\w+)`/g)])
    .map(([, reason = '']) => reason)
    .filter((reason) => !/^session_|^invalid_auth_time$|^no_logout_event$/.test(reason));
  expect(reasons.length).toBeGreaterThan(15);
  const examined = await examine(signRaw(HS256, FITTING), issuersOf(STRICT));
  for (const reason of reasons) {
    const outcome = { status: 'refused', reason } as never;
    expect(failureIn(checkLines({ ...examined, outcome }))).toMatch(
      new RegExp(`^(?!${reason} )\\w+ ${reason}$`),
    );
  }
});

describe('of several issuers', () => {
  test('the token’s is chosen before any key, and no other issuer’s key opens it', async () => {
    const [one, two] = await Promise.all([makeKeyPair('ES256'), makeKeyPair('ES256')]);
    const entry = (issuer: string, { jwk }: typeof one, kid: string) => ({
      issuer,
      publicKey: { keys: [{ ...jwk, kid }] },
    });
    const variables = {
      JWT_ISSUERS: JSON.stringify([entry('https://a', one, 'k1'), entry('https://b', two, 'k2')]),
    };
    const claims = { ...LIVE, iss: 'https://b' };
    const good = await explained(await signWith(two, claims, { kid: 'k2' }), variables);
    expect(good).toContainEqual(
      'ok    issuer     iss "https://b"; JWT_ISSUERS has "https://a", "https://b"',
    );
    expect(good).toContainEqual('ok    signature  key 1 of 1, kid "k2"');
    const foreign = await explained(await signWith(one, claims), variables);
    expect(failureIn(foreign)).toBe('signature bad_signature');
    const unnamed = await explained(await signWith(two, claims, { kid: 'k3' }), variables);
    expect(failureIn(unnamed)).toBe('key unknown_key');
    const unknown = await explained(
      await signWith(one, { ...claims, iss: 'https://c' }),
      variables,
    );
    expect(failureIn(unknown)).toBe('issuer wrong_issuer');
    expect(unknown.at(-1)).toMatch(/^- +not reached algorithm, key, signature, claims/);
  });
});

test('a key that another issuer’s token names is not there, and the report says whose token it is', async () => {
  const [mine, other] = await Promise.all([makeKeyPair('ES256'), makeKeyPair('ES256')]);
  const variables = {
    JWT_PUBLIC_KEY: JSON.stringify({ keys: [{ ...mine.jwk, kid: 'mine' }] }),
    JWT_ISSUER: 'https://a.example',
  };
  const token = await signWith(other, { ...LIVE, iss: 'https://b.example' }, { kid: 'other' });
  const lines = await explained(token, variables);
  expect(failureIn(lines)).toBe('key unknown_key');
  expect(lines.join('\n')).toContain(
    '0 for this alg and kid; iss, unverified: "https://b.example"',
  );
});

test('keys that cannot be fetched are no fault of the token', async () => {
  const pair = await makeKeyPair('ES256');
  const variables = { JWT_JWKS_URL: 'http://127.0.0.1:9/' };
  const examined = await examine(await signWith(pair, LIVE), issuersOf(variables));
  expect(reasonOf(examined.outcome)).toBe('keys_unavailable');
  expect(checkLines(examined).join('\n')).toMatch(
    /FAIL +key +keys_unavailable.*\n +GET http:\/\/127.0.0.1:9\/ failed: bad port\n/,
  );
});
