import { createHmac, randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { EncryptJWT, FlattenedSign, GeneralSign } from 'jose';
import { useAttackHarness } from '../support/attacks.ts';
import { encode, signRaw, TEST_SECRET, testSigner } from '../support/signing.ts';

/**
 * Attacks on the signature and the shape of a token, where the service has a secret. Every one must
 * give 200 from logout and 401 from me, to the byte, without a store call.
 */
/** The target's real token: header, payload, signature. */
let real: string;
let [header, payload, signature] = ['', '', ''];

const HS256 = { alg: 'HS256', typ: 'JWT' };

const harness = useAttackHarness({ JWT_SECRET: TEST_SECRET });
const expectHarmless: typeof harness.expectHarmless = (...args) => harness.expectHarmless(...args);
beforeAll(() => {
  real = signRaw(HS256, harness.claims);
  [header = '', payload = '', signature = ''] = real.split('.');
});

test('control: unattacked, the token of these tests enters, with one store call', async () => {
  await harness.proxy.clear();
  await harness.expectEntry(real);
  expect(harness.proxy.requests()).toEqual([
    expect.objectContaining({ operation: 'BatchGetItem' }),
  ]);
});

describe('signatures', () => {
  const bytes = () => Buffer.from(signature, 'base64url');
  const bitOff = (index: number) => bytes().fill(bytes().readUInt8(index) ^ 1, index, index + 1);

  test.each<[string, () => Uint8Array[]]>([
    ['empty', () => [new Uint8Array()]],
    ['all zero, of any length', () => [1, 31, 32, 33, 64].map((length) => new Uint8Array(length))],
    ['a part of the right one', () => [bytes().subarray(0, 16), bytes().subarray(0, 31)]],
    ['more than the right one', () => [Buffer.concat([bytes(), bytes()])]],
    ['one bit off, wherever it is', () => [0, 15, 31].map(bitOff)],
    ['the secret itself', () => [Buffer.from(TEST_SECRET)]],
  ])('%s', async (_, wrong) => {
    for (const each of wrong()) {
      const end = Buffer.from(each).toString('base64url');
      await expectHarmless(`${header}.${payload}.${end}`, 'bad_signature');
    }
  });

  test('stripped, with and without its dot', async () => {
    await expectHarmless(`${header}.${payload}`, 'malformed');
    await expectHarmless(`${header}.${payload}..`, 'malformed');
    await expectHarmless(`${header}..`, 'bad_signature');
  });

  test('of another secret, of the empty one, and of near misses of the right one', async () => {
    const other = 'another-secret-of-32-bytes-or-more';
    const near = [TEST_SECRET.toLowerCase(), `${TEST_SECRET}\n`, encode(TEST_SECRET)];
    for (const secret of [other, '', ...near])
      await expectHarmless(signRaw(HS256, harness.claims, secret), 'bad_signature');
  });

  test('of another payload, or of another header', async () => {
    const admin = encode({ ...harness.claims, sub: 'admin' });
    await expectHarmless(`${header}.${admin}.${signature}`, 'bad_signature');
    await expectHarmless(`${encode({ alg: 'HS256' })}.${payload}.${signature}`, 'bad_signature');
  });
});

// tests/lib/tokens/verify.test.ts changes, adds and leaves out any character.
describe('variants of the text of a real token', () => {
  const inside = (part: string, what: string) => `${part.slice(0, 9)}${what}${part.slice(9)}`;

  test.each([
    ['padded with =', () => `${real}=`],
    ['padded in the header', () => `${header}=.${payload}.${signature}`],
    ['with a space behind', () => `${real} `],
    ['with a space in front', () => ` ${real}`],
    ['with a line break inside', () => `${header}.${payload}.${inside(signature, '\r\n')}`],
    ['with a space inside', () => `${header}.${inside(payload, ' ')}.${signature}`],
    ['with a NUL behind', () => `${real}\0`],
    ['with a NUL inside', () => `${inside(header, '\0')}.${payload}.${signature}`],
    ['with a byte order mark in front', () => `\ufeff${real}`],
    ['with a zero-width space', () => `${real}\u200b`],
    ['twice, with a comma', () => `${real},${real}`],
    ['twice, with a space', () => `${real} ${real}`],
    ['with the scheme twice', () => `Bearer ${real}`],
    ['in quotes', () => `"${real}"`],
    ['percent-encoded', () => real.replaceAll('.', '%2E')],
    ['with fullwidth dots', () => real.replaceAll('.', '．')],
    ['with a fullwidth letter', () => real.replace('e', 'ｅ')],
    ['with a letter 256 code points up', () => real.replace('e', 'ť')],
    ['with an empty part in front', () => `.${real}`],
    ['with an empty part behind', () => `${real}.`],
    ['with a fourth part', () => `${real}.${signature}`],
    ['without the payload', () => `${header}.${signature}`],
    ['dots', () => '....'],
  ])('%s', async (_, token) => {
    await expectHarmless(token(), 'malformed');
  });

  test('in standard base64, where the two alphabets differ', async () => {
    const tokens = Array.from({ length: 200 }, (_, n) =>
      signRaw({ ...HS256, kid: `${n}` }, harness.claims),
    );
    const differing = String(tokens.find((token) => /-[^.]*_[^.]*$/.test(token)));
    await harness.expectEntry(differing);
    await expectHarmless(differing.replaceAll('-', '+').replaceAll('_', '/'), 'malformed');
  });

  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const strayed = (part: string) => {
    const changed = `${part.slice(0, -1)}${alphabet[alphabet.indexOf(part.slice(-1)) + 1]}`;
    expect(Buffer.from(changed, 'base64url')).toEqual(Buffer.from(part, 'base64url'));
    return changed;
  };

  test('with stray bits in the last character of the signature', async () => {
    await expectHarmless(`${header}.${payload}.${strayed(signature)}`, 'malformed');
  });

  test('with stray bits in the header or the payload, and signed so', async () => {
    const first = strayed(encode('{"alg":"HS256"} '));
    const second = strayed(encode(JSON.stringify(harness.claims).padEnd(301)));
    for (const input of [`${first}.${payload}`, `${header}.${second}`]) {
      const end = createHmac('sha256', TEST_SECRET).update(input).digest('base64url');
      await expectHarmless(`${input}.${end}`, 'malformed');
    }
  });
});

describe('size', () => {
  /** A real token of exactly so many bytes: base64url has no text of some lengths, so the header grows too. */
  function sized(bytes: number): string {
    const padded = (kid: string, length: number) =>
      signRaw({ ...HS256, kid }, { ...harness.claims, x: 'x'.repeat(length) });
    for (const kid of ['', 'k', 'kk'])
      for (let length = 5_700; length < 6_100; length += 1)
        if (padded(kid, length).length === bytes) return padded(kid, length);
    throw new RangeError(`No token of ${bytes} bytes`);
  }

  test('of 8,192 bytes enters, of 8,193 is too large', async () => {
    await harness.expectEntry(sized(8_192));
    await expectHarmless(sized(8_193), 'too_large');
  });

  test('is counted in bytes, before anything else is looked at', async () => {
    await expectHarmless('é'.repeat(4_096), 'malformed');
    await expectHarmless('é'.repeat(4_097), 'too_large');
    await expectHarmless('.'.repeat(8_192), 'malformed');
    await expectHarmless('.'.repeat(100_000), 'too_large');
  });
});

describe('other serializations, made with the real secret', () => {
  test('encrypted (JWE compact, five parts)', async () => {
    const token = await new EncryptJWT({ ...harness.claims })
      .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
      .encrypt(Buffer.from(TEST_SECRET).subarray(0, 32));
    expect(token.split('.')).toHaveLength(5);
    await expectHarmless(token, 'malformed');
  });

  test('JSON, flattened and general', async () => {
    const bytes = Buffer.from(JSON.stringify(harness.claims));
    const flattened = await new FlattenedSign(bytes).setProtectedHeader(HS256).sign(testSigner.key);
    const general = await new GeneralSign(bytes)
      .addSignature(testSigner.key)
      .setProtectedHeader(HS256)
      .sign();
    for (const token of [flattened, general]) {
      await expectHarmless(JSON.stringify(token), 'malformed');
      await expectHarmless(encode(token), 'malformed');
    }
  });
});

test.each(['garbage', 'a.b.c', randomUUID(), '{}', 'null', '<script>', "' OR 1=1 --", '../../x'])(
  'garbage: %s',
  async (token) => {
    await expectHarmless(token, 'malformed');
  },
);
