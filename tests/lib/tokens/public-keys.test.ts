import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { exportJWK, type JWK } from 'jose';
import { ConfigurationError } from '../../../lib/shared/environment.ts';
import { MAX_KEYS_TRIED } from '../../../lib/tokens/key-set.ts';
import { type KeyPair, makeKeyPair, signWith } from '../../support/key-pairs.ts';
import { issuerOf, outcomeOf } from '../../support/verifier.ts';

const claims = { sub: 'alice', jti: 'j', exp: 4_102_444_800 };

const keysOf = (text: string) => issuerOf({ JWT_PUBLIC_KEY: text }).keys;
const keySet = (...keys: unknown[]) => JSON.stringify({ keys });

const outcome = (token: string, text: string) =>
  outcomeOf(token, issuerOf({ JWT_PUBLIC_KEY: text }));

let pair: KeyPair;
let other: KeyPair;
let rsa: KeyPair;
let ed: KeyPair;
beforeAll(async () => {
  pair = await makeKeyPair('ES256');
  other = await makeKeyPair('ES256');
  rsa = await makeKeyPair('RS256');
  ed = await makeKeyPair('EdDSA');
});

describe('a PEM', () => {
  const transports: [string, (pem: string) => string][] = [
    ['with line breaks written out', (pem) => pem.replaceAll('\n', '\\n')],
    ['with Windows’ line breaks', (pem) => pem.replaceAll('\n', '\r\n')],
    ['with Windows’ line breaks written out', (pem) => pem.replaceAll('\n', '\\r\\n')],
    ['with spaces for line breaks', (pem) => pem.replaceAll('\n', ' ')],
    ['without line breaks', (pem) => pem.replaceAll('\n', '')],
    ['with white space around', (pem) => `\n  ${pem}\n`],
    ['in double quotes', (pem) => `"${pem.trim()}"`],
    ['in single quotes, on one line', (pem) => `'${pem.replaceAll('\n', '\\n')}'`],
    ['indented, as in YAML', (pem) => pem.replaceAll(/^(?=.)/gm, '    ')],
    ['after a text, as openssl prints it', (pem) => `subject=/CN=x\n${pem}`],
    ['as Keycloak shows it: base64 alone', (pem) => pem.replaceAll(/-----.*-----|\n/g, '')],
    ['as base64 alone, in lines', (pem) => pem.replaceAll(/-----.*-----/g, '')],
    ['as base64 alone, in quotes', (pem) => `"${pem.replaceAll(/-----.*-----|\n/g, '')}"`],
  ];
  test.each(transports)('may stand %s', async (_, transport) => {
    for (const each of [pair, rsa, ed])
      expect(await outcome(await signWith(each, claims), transport(each.pem))).toBe('verified');
  });

  test('may be an RSA key in the form of PKCS #1', async () => {
    const pkcs1 = rsa.publicKey.export({ type: 'pkcs1', format: 'pem' }).toString();
    const token = await signWith(rsa, claims);
    for (const text of [pkcs1, pkcs1.replaceAll('\n', ' ')])
      expect(await outcome(token, text)).toBe('verified');
  });

  test('of a private key is refused, encrypted or not', () => {
    const plain = pair.privateKey.export({ type: 'pkcs8', format: 'pem' });
    const sec1 = pair.privateKey.export({ type: 'sec1', format: 'pem' });
    const cipher = { cipher: 'aes-256-cbc', passphrase: 'x' };
    const encrypted = pair.privateKey.export({ type: 'pkcs8', format: 'pem', ...cipher });
    for (const text of [plain, sec1, encrypted, `${pair.pem}${plain}`])
      expect(() => keysOf(String(text))).toThrow(
        /^JWT_PUBLIC_KEY holds a private key; give the public one$/,
      );
  });

  test('beside another is refused, as OpenSSL would read the first alone', () => {
    expect(() => keysOf(`${pair.pem}${other.pem}`)).toThrow(
      /^JWT_PUBLIC_KEY holds several PEMs; give several keys as a JWKS$/,
    );
  });

  test('that is none is refused', () => {
    const [begin = '', body = '', , end = ''] = pair.pem.split('\n');
    for (const text of ['x', 'sessions', `${begin}\n${end}`, `${begin}\n${body}\n${end}`, body])
      expect(() => keysOf(text)).toThrow(
        /^JWT_PUBLIC_KEY is neither an SPKI PEM nor a JWKS document$/,
      );
  });
});

const rsaOf = (modulusLength: number) => generateKeyPairSync('rsa', { modulusLength }).publicKey;

test.each<[string, () => KeyObject]>([
  ['has 1024 bits; RSA needs 2048', () => rsaOf(1_024)],
  ['has 2040 bits; RSA needs 2048', () => rsaOf(2_040)],
  [
    'is a secp256k1 key; RSA, P-256, ',
    () => generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey,
  ],
  ['is a ed448 key; RSA, P-256, ', () => generateKeyPairSync('ed448').publicKey],
  ['is a x25519 key; RSA, P-256, ', () => generateKeyPairSync('x25519').publicKey],
  [
    'is a rsa-pss key; RSA, P-256, ',
    () => generateKeyPairSync('rsa-pss', { modulusLength: 2_048 }).publicKey,
  ],
])('a key that %s is refused by name, and passed over in a JWKS', async (problem, generate) => {
  const key = generate();
  const pem = key.export({ type: 'spki', format: 'pem' }).toString();
  expect(() => keysOf(pem)).toThrow(`JWT_PUBLIC_KEY ${problem}`);
  if (key.asymmetricKeyType === 'rsa-pss') return; // a JWK has no such type
  const jwk = key.export({ format: 'jwk' });
  expect(() => keysOf(keySet(jwk))).toThrow(`JWT_PUBLIC_KEY ${problem}`);
  expect(keysOf(keySet(jwk, pair.jwk)).algorithms).toEqual(['ES256']);
});

describe('a JWKS document', () => {
  const one = (kid?: string) => ({ ...pair.jwk, kid });
  const two = (kid?: string) => ({ ...other.jwk, kid });
  const named = () => [one('a'), two('b')];

  // The tokens: whose key signed, the kid (- for none), and the outcome.
  test.each<[string, () => object[], string[]]>([
    ['the key that a token names', named, ['one a verified', 'two b verified']],
    ['no other key', named, ['one b bad_signature', 'one c unknown_key']],
    ['any key, for a token without kid', named, ['one - verified', 'two - verified']],
    ['any key without kid', () => [one(), two()], ['two - verified', 'two a verified']],
    [
      'a key without kid for a token with one, only where no key has that kid',
      () => [one('a'), two()],
      ['two b verified', 'two a bad_signature', 'one b bad_signature'],
    ],
  ])('verifies with %s', async (_, keys, tokens) => {
    for (const [signer, kid, expected] of tokens.map((text) => text.split(' '))) {
      const header = kid === '-' ? {} : { kid };
      const token = await signWith(signer === 'one' ? pair : other, claims, header);
      expect(await outcome(token, keySet(...keys()))).toBe(expected);
    }
  });

  test.each([
    ['EdDSA', 'EdDSA'],
    ['EdDSA', 'Ed25519'],
    ['Ed25519', 'EdDSA'],
    ['Ed25519', 'Ed25519'],
  ])('with the alg %s verifies an Ed25519 token with the alg %s', async (keyAlg, algorithm) => {
    const token = await signWith({ ...ed, algorithm }, claims);
    expect(await outcome(token, keySet({ ...ed.jwk, alg: keyAlg }))).toBe('verified');
    for (const JWT_ALGORITHMS of ['EdDSA', 'Ed25519'])
      expect(await outcomeOf(token, issuerOf({ JWT_PUBLIC_KEY: ed.pem, JWT_ALGORITHMS }))).toBe(
        'verified',
      );
  });

  test('verifies with a key whose key_ops have verify, and passes over others', async () => {
    const token = await signWith(pair, claims);
    const verifying = [['verify'], ['sign', 'verify'], ['verify', 'unknown'], ['verify', 'verify']];
    for (const key_ops of verifying) {
      const text = keySet({ ...pair.jwk, key_ops, ext: 'not a boolean' });
      expect(await outcome(token, text)).toBe('verified');
    }
    for (const key_ops of [['encrypt'], ['sign'], [], 'verify', null]) {
      const wrong = { ...pair.jwk, key_ops };
      expect(await outcome(token, keySet(wrong, other.jwk))).toBe('bad_signature');
      expect(() => keysOf(keySet(wrong))).toThrow(
        /^JWT_PUBLIC_KEY has only keys for other uses, none for verifying signatures$/,
      );
    }
  });

  test('passes over keys for other uses and of unknown kinds, and is an error where no other is left', async () => {
    const invalid = 'holds a key that is no valid public JWK';
    const unusable: [object, string][] = [
      [{ kty: 'AKP', alg: 'ML-DSA-65', pub: 'AAAA', kid: 'x' }, invalid],
      [{ kty: 'future', kid: 'x' }, invalid],
      [{ kid: 'x' }, invalid],
      [{ ...other.jwk, x: 'AA' }, invalid],
      [{ ...other.jwk, crv: 7 }, invalid],
      [{ ...other.jwk, use: 'enc' }, 'has only keys for other uses, none for verifying signatures'],
      [{ ...rsa.jwk, alg: 'RSA-OAEP' }, 'holds a key whose "alg" does not fit its type'],
    ];
    const token = await signWith(pair, claims);
    const text = keySet(...unusable.map(([jwk]) => jwk), null, 'x', { ...pair.jwk, use: 'sig' });
    expect(await outcome(token, text)).toBe('verified');
    expect(keysOf(text).algorithms).toEqual(['ES256']);
    for (const [jwk, problem] of unusable)
      expect(() => keysOf(keySet(jwk))).toThrow(`JWT_PUBLIC_KEY ${problem}`);
  });

  test('may hold keys of several kinds', async () => {
    const text = keySet(rsa.jwk, pair.jwk, ed.jwk);
    expect(keysOf(text).algorithms.join(' ')).toBe(
      'RS256 RS384 RS512 PS256 PS384 PS512 ES256 EdDSA Ed25519',
    );
    for (const issuer of [rsa, pair, ed])
      expect(await outcome(await signWith(issuer, claims), text)).toBe('verified');
  });

  test('of many keys costs at most eight signature checks', async () => {
    const pairs = await Promise.all(
      Array.from({ length: MAX_KEYS_TRIED + 1 }, () => makeKeyPair('ES256')),
    );
    const text = keySet(...pairs.map(({ jwk }, index) => ({ ...jwk, kid: `${index}` })));
    expect((await keysOf(text).resolve({ alg: 'ES256' }, 'cached')).value).toHaveLength(8);
    const [eighth, ninth] = pairs.slice(-2) as [KeyPair, KeyPair];
    expect(await outcome(await signWith(eighth, claims), text)).toBe('verified');
    expect(await outcome(await signWith(ninth, claims), text)).toBe('bad_signature');
    expect(await outcome(await signWith(ninth, claims, { kid: '8' }), text)).toBe('verified');
  });

  test('keeps a key to its own alg', async () => {
    const text = keySet({ ...rsa.jwk, alg: 'PS256' });
    expect(keysOf(text).algorithms).toEqual(['PS256']);
    expect(await outcome(await signWith({ ...rsa, algorithm: 'PS256' }, claims), text)).toBe(
      'verified',
    );
    expect(await outcome(await signWith(rsa, claims), text)).toBe('algorithm_not_allowed');
  });

  test.each([
    ['is no JSON', ['{', '{"keys"}']],
    [
      'has no "keys"; a JWKS is {"keys": [{...}]}',
      ['{}', '{"keys":[]}', '{"keys":{"0":{}}}', '{"keys":[null]}', '{"keys":["x"]}'],
    ],
    ['has no "keys"; a JWKS is {"keys": [{...}]}', ['{"keys":[[]]}', '{"kty":"EC"}']],
    [
      'holds a key that is no valid public JWK',
      ['{"keys":[{}]}', '{"keys":[{"kty":"RSA","n":"AQ"}]}'],
    ],
    ['holds a secret or private key; give public ones', ['{"keys":[{"kty":"oct","k":"AA"}]}']],
  ])('that is wrong is refused: it %s', (problem, texts) => {
    for (const text of texts)
      expect(() => keysOf(text)).toThrow(new ConfigurationError('JWT_PUBLIC_KEY', problem));
  });

  test('that holds a private key is refused, also one beside public ones or for encryption', async () => {
    const jwk: JWK = await exportJWK(pair.privateKey);
    for (const text of [
      keySet(jwk),
      keySet(other.jwk, jwk),
      keySet(other.jwk, { ...jwk, use: 'enc' }),
    ])
      expect(() => keysOf(text)).toThrow(
        /^JWT_PUBLIC_KEY holds a secret or private key; give public ones$/,
      );
  });

  test('whatever is in it, is taken or refused by name when it is read', async () => {
    const member = fc.oneof(
      fc.jsonValue({ maxDepth: 1 }),
      fc.constantFrom('EC', 'RSA', 'OKP', 'P-256'),
    );
    const jwk = fc.record(
      {
        ...{ kty: member, crv: member, x: member, y: member, n: member, e: member },
        ...{ use: member, key_ops: member, alg: member, kid: member, ext: member },
      },
      { requiredKeys: [] },
    );
    const based = jwk.map((changes) => ({ ...pair.jwk, ...changes }));
    const token = await signWith(pair, claims, { kid: 'k' });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(jwk, based), { maxLength: 3 }), async (keys) => {
        const text = keySet(...keys);
        try {
          keysOf(text);
        } catch (error) {
          expect(error).toBeInstanceOf(ConfigurationError);
          return;
        }
        expect(['verified', 'bad_signature', 'unknown_key']).toContain(await outcome(token, text));
      }),
      { numRuns: 500 },
    );
  });
});
