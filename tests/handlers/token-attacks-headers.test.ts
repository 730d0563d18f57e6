import { createHmac } from 'node:crypto';
import { describe, test } from '@jest/globals';
import { useAttackHarness } from '../support/attacks.ts';
import { encode, signRaw, TEST_SECRET } from '../support/signing.ts';

/**
 * Attacks through the header of a token, where the service has a secret. Every one must give 200 from
 * logout and 401 from me, to the byte, without a store call; also those that the real secret signed.
 */

const HS256 = { alg: 'HS256', typ: 'JWT' };

const harness = useAttackHarness({ JWT_SECRET: TEST_SECRET });
const expectHarmless: typeof harness.expectHarmless = (...args) => harness.expectHarmless(...args);

/** The target's claims under any header, as an object or as text, signed by the real secret. */
const signed = (header: unknown) => signRaw(header, harness.claims);

test.each(['JWT', 'at+jwt'])('control: with typ %j, the token of these tests enters', (typ) =>
  harness.expectEntry(signed({ alg: 'HS256', typ })),
);

describe('alg none', () => {
  const spellings = Array.from({ length: 16 }, (_, bits) =>
    [...'none'].map((c, i) => (bits & (1 << i) ? c.toUpperCase() : c)).join(''),
  );

  test.each([...spellings, 'none ', ' none', 'none\0', '', 'null', 'undefined', 'ｎone'])(
    'spelled %j: without a signature, with a made-up one, and with the right HMAC',
    async (alg) => {
      const input = `${encode({ ...HS256, alg })}.${encode(harness.claims)}`;
      const hmac = createHmac('sha256', TEST_SECRET).update(input).digest('base64url');
      for (const signature of ['', 'AA', hmac])
        await expectHarmless(`${input}.${signature}`, 'algorithm_not_allowed');
    },
  );
});

test.each(['hs256', 'HS256 ', 'HS1', 'RS256', 'ES256', 'EdDSA', 'A256KW', 'dir', '__proto__'])(
  'another algorithm over the right HMAC: %j',
  async (alg) => {
    await expectHarmless(signed({ alg }), 'algorithm_not_allowed');
  },
);

describe('kid', () => {
  test.each(['../../../../dev/null', "x' UNION SELECT 'key' --", '$(id)', '', 'x'.repeat(5_000)])(
    'as %.30j picks no secret that the attacker knows',
    async (kid) => {
      for (const secret of ['', kid, 'key', '\0'])
        await expectHarmless(signRaw({ ...HS256, kid }, harness.claims, secret), 'bad_signature');
    },
  );
});

// tests/lib/tokens/header.test.ts has every form of these.
test.each<[reason: string, header: unknown]>([
  ['unsupported_header', { ...HS256, crit: ['exp'] }],
  ['unsupported_header', { ...HS256, crit: ['b64'], b64: false }],
  ['unsupported_type', { alg: 'HS256', typ: 'logout+jwt' }],
  ['unsupported_type', { alg: 'HS256', typ: '' }],
  ['malformed_header', '{"alg":"none","alg":"HS256"}'],
])('%s, signed by the real secret: %j', async (reason, header) => {
  await expectHarmless(signed(header), reason);
});

test('b64 false with the payload as it is, signed by the real secret', async () => {
  for (const header of [
    { ...HS256, b64: false },
    { ...HS256, crit: ['b64'], b64: false },
  ]) {
    const input = `${encode(header)}.${JSON.stringify(harness.claims)}`;
    const hmac = createHmac('sha256', TEST_SECRET).update(input).digest('base64url');
    await expectHarmless(`${input}.${hmac}`, 'malformed');
  }
});

test('deep nesting, forged', async () => {
  const deep = `{"alg":"HS256","x":${'['.repeat(2_500)}${']'.repeat(2_500)}}`;
  await expectHarmless(signRaw(deep, harness.claims, 'another'), 'bad_signature');
});

describe('embedded and remote keys', () => {
  const attackers = 'attackers-secret-of-32-bytes-and-more';

  test.each([
    ['jwk', { kty: 'oct', k: encode(attackers) }],
    ['jku', 'https://attacker.example/jwks.json'],
    ['x5u', 'https://attacker.example/chain.pem'],
    ['x5c', [encode('certificate')]],
    ['x5t', encode('thumbprint')],
    ['k', encode(attackers)],
    ['secret', attackers],
  ])('%s in a header that its attacker signed', async (member, value) => {
    const forged = signRaw({ ...HS256, [member]: value }, harness.claims, attackers);
    await expectHarmless(forged, 'bad_signature');
  });
});
