import { createHmac } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { createSession } from '../../lib/login/create-session.ts';
import { findSession } from '../../lib/sessions/sessions.ts';
import { LOGGED_OUT, UNAUTHORIZED } from '../support/answers.ts';
import { useAttackHarness } from '../support/attacks.ts';
import { eventV2 } from '../support/events.ts';
import { invoke } from '../support/lambda.ts';
import { encode, signRaw, TEST_SECRET } from '../support/signing.ts';

/**
 * Payloads that the real secret signed, and that still may not be believed: wrong types and sizes of
 * every claim that the service uses. Every one must give 200 from logout and 401 from me, to the
 * byte, without a store call. At the end, those that are fine after all.
 */

const HS256 = { alg: 'HS256', typ: 'JWT' };
const ISSUER = 'https://login.example/';
const AUDIENCE = 'https://api.example/';

const harness = useAttackHarness({
  JWT_SECRET: TEST_SECRET,
  JWT_ISSUER: ISSUER,
  JWT_AUDIENCE: AUDIENCE,
});
const expectHarmless: typeof harness.expectHarmless = (...args) => harness.expectHarmless(...args);

/** The target's claims with some changed; undefined leaves a claim out. */
const claims = (changes: Readonly<Record<string, unknown>> = {}) => ({
  ...harness.claims,
  iss: ISSUER,
  aud: AUDIENCE,
  ...changes,
});
const token = (changes?: Readonly<Record<string, unknown>>) => signRaw(HS256, claims(changes));
/** For values that JSON.stringify can't write: the claim's value as raw JSON. */
const tokenWithRaw = (claim: string, json: string) =>
  signRaw(HS256, JSON.stringify(claims({ [claim]: '\u0001' })).replace('"\\u0001"', json));
/** For payloads that are no text. */
const signBytes = (payload: Buffer) => {
  const input = `${encode(HS256)}.${payload.toString('base64url')}`;
  return `${input}.${createHmac('sha256', TEST_SECRET).update(input).digest('base64url')}`;
};

test('control: with the issuer and the audience right, the token of these tests enters', () =>
  harness.expectEntry(token()));

const NO_NUMBER = [null, '9999999999', '', true, [9_999_999_999], { seconds: 1 }];

// tests/lib/tokens/claims.test.ts and session-claims.test.ts have every value.
test.each<[claim: string, reason: string, values: unknown[]]>([
  ['exp', 'invalid_claims', [...NO_NUMBER, undefined]],
  ['nbf', 'invalid_claims', NO_NUMBER],
  ['iat', 'invalid_claims', NO_NUMBER],
  ['iss', 'wrong_issuer', [undefined, null, '', 'https://attacker.example/', [ISSUER], 1]],
  ['iss', 'wrong_issuer', [ISSUER.slice(0, -1), ISSUER.toUpperCase(), `${ISSUER} `]],
  ['aud', 'wrong_audience', [undefined, 'https://other.example/', [], [[AUDIENCE]]]],
  ['sub', 'invalid_session_reference', [null, '', 1, ['target'], '\ud800', '#jti:lone']],
  ['jti', 'invalid_session_reference', [undefined, '', 1, ['target'], '\ud800', '#cutoff']],
])('a wrong %s is %s: %j', async (claim, reason, values) => {
  for (const value of values) await expectHarmless(token({ [claim]: value }), reason);
});

test('sub and jti in a prototype', async () => {
  const { sub, jti, ...others } = claims() as Record<string, unknown>;
  const inPrototype = JSON.parse(`{"__proto__":${JSON.stringify({ sub, jti })}}`);
  const text = JSON.stringify({ ...others, ...inPrototype });
  await expectHarmless(signRaw(HS256, text), 'invalid_session_reference');
});

describe('payloads that are no claims', () => {
  test.each(['[]', '"target"', '1', 'null', 'true', '', '{', '{}{}', '{"exp":}', "{'exp':1}"])(
    '%j',
    async (text) => {
      await expectHarmless(signRaw(HS256, text), 'invalid_claims');
    },
  );
  test('an array that holds them', async () => {
    await expectHarmless(signRaw(HS256, JSON.stringify([claims()])), 'invalid_claims');
  });
  test('nested deeply, closed or not', async () => {
    const deep = '['.repeat(2_500);
    await expectHarmless(signRaw(HS256, deep), 'invalid_claims');
    await expectHarmless(signRaw(HS256, `${deep}${']'.repeat(2_500)}`), 'invalid_claims');
    await expectHarmless(signRaw(HS256, `{"exp":${deep}`), 'invalid_claims');
    await expectHarmless(tokenWithRaw('exp', `${deep}${']'.repeat(2_500)}`), 'invalid_claims');
  });
  test('with a byte order mark in front, which jose would pass over', async () => {
    const text = `\ufeff${JSON.stringify(claims())}`;
    await expectHarmless(signRaw(HS256, text), 'malformed');
  });
  test('in bytes that are no UTF-8', async () => {
    const text = JSON.stringify(claims({ name: '?' }));
    const bytes = Buffer.from(text);
    bytes.writeUInt8(0xff, text.indexOf('?'));
    await expectHarmless(signBytes(bytes), 'invalid_claims');
    await expectHarmless(signBytes(Buffer.from(text, 'utf16le')), 'invalid_claims');
  });
});

describe('a token of the issuer’s that is merely out of its life', () => {
  const now = () => Math.floor(Date.now() / 1_000);

  test.each([
    ['expired', 'a minute ago', () => ({ exp: now() - 60 })],
    ['expired', 'at a fraction of a second', () => ({ exp: now() - 60.5 })],
    ['expired', 'before 1970', () => ({ exp: -1 })],
    ['expired', 'at a huge negative number', () => ({ exp: -1e300 })],
    ['not_yet_valid', 'for a minute', () => ({ nbf: now() + 60 })],
    ['not_yet_valid', 'and expired', () => ({ nbf: now() + 60, exp: now() - 60 })],
  ])('%s %s: opens nothing, and logout still ends its session', async (status, when, life) => {
    const session = { ...harness.target, sub: 'late', jti: `${status} ${when}` };
    await createSession(harness.store, session);
    const { sub, jti } = session;
    const event = eventV2({ token: token({ sub, jti, ...life() }) });
    expect(await invoke(harness.functions.me, event)).toEqual(UNAUTHORIZED);
    expect(harness.proxy.requests()).toEqual([]);
    harness.log.clear();
    expect(await invoke(harness.functions.logout, event)).toEqual(LOGGED_OUT);
    expect(await findSession(harness.store, session)).toBeNull();
    expect(harness.log.outcomes()).toEqual([
      expect.objectContaining({ message: 'logout.ended', token_status: status }),
    ]);
  });

  test.each([
    ['issuer', { iss: 'https://attacker.example/' }, 'wrong_issuer'],
    ['audience', { aud: 'https://other.example/' }, 'wrong_audience'],
  ])('ends nothing where the %s is wrong as well', async (_, wrong, reason) => {
    await expectHarmless(token({ ...wrong, exp: now() - 60 }), reason);
    await expectHarmless(token({ ...wrong, nbf: now() + 60 }), reason);
  });
});

describe('control: values that are unusual, and right', () => {
  test.each([
    ['exp with a fraction (RFC 7519, NumericDate)', { exp: 4_102_444_800.5 }],
    ['exp far away; the session’s own end still counts', { exp: Number.MAX_VALUE }],
    ['nbf and iat with a fraction', { nbf: 0.5, iat: 1.5 }],
    ['nbf and iat before 1970', { nbf: -1, iat: -1e9 }],
    ['iat in the future, which nothing depends on', { iat: 4_102_444_800 }],
    ['aud as a list', { aud: ['https://other.example/', AUDIENCE] }],
    ['aud as a list of odd things beside', { aud: [1, null, AUDIENCE] }],
    ['a claim of nested lists', { roles: [[[[['reader']]]]] }],
    ['a claim called __proto__', JSON.parse('{"__proto__":{"sub":"x"}}')],
  ])('%s enters', (_, changes) => harness.expectEntry(token(changes)));

  test('exp as large as JSON can say, beyond what a number can hold, enters', () =>
    harness.expectEntry(tokenWithRaw('exp', '1e400')));

  test('a token without sub names the session in the partition of its jti', async () => {
    const session = { ...harness.target, sub: '#jti:lone', jti: 'lone' };
    await createSession(harness.store, session);
    const event = eventV2({ token: token({ sub: undefined, jti: 'lone' }) });
    expect(await invoke(harness.functions.me, event)).toMatchObject({ statusCode: 200 });
    expect(await invoke(harness.functions.logout, event)).toEqual(LOGGED_OUT);
    expect(await findSession(harness.store, session)).toBeNull();
  });
});

test('of repeated claims the last one counts, as RFC 7519 (section 4) allows', async () => {
  const text = JSON.stringify(claims()).replace('{', '{"sub":"attacker","jti":"x","exp":1,');
  await harness.expectEntry(signRaw(HS256, text));
});
