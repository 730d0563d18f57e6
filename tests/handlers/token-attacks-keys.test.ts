import { createHmac, sign } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { type AttackHarness, openAttackHarness } from '../support/attacks.ts';
import { freezeDate } from '../support/clock.ts';
import { type KeyServer, startKeyServer } from '../support/jwks-server.ts';
import { type KeyPair, makeKeyPair, signWith } from '../support/key-pairs.ts';
import { encode, signRaw } from '../support/signing.ts';

/**
 * Attacks on the choice of the key, and on what public-key signatures may look like. Every one must
 * give 200 from logout and 401 from me, to the byte, without a store call.
 */
let harness: AttackHarness;
/** The issuer's keys and the attacker's, of the same kind. */
let issuer: KeyPair;
let attacker: KeyPair;

const forge = (header: object, bytes: Uint8Array) =>
  `${encode(header)}.${encode(harness.claims)}.${Buffer.from(bytes).toString('base64url')}`;

const expectHarmless = (token: string, reason: string) => harness.expectHarmless(token, reason);

const signatureOf = (token: string) =>
  Buffer.from(token.slice(token.lastIndexOf('.') + 1), 'base64url');

describe.each(['RS256', 'PS256', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'])(
  'with a public key for %s',
  (alg) => {
    let attackersServer: KeyServer;

    beforeAll(async () => {
      issuer = await makeKeyPair(alg);
      attacker = await makeKeyPair(alg);
      attackersServer = await startKeyServer([{ ...attacker.jwk, kid: 'k' }]);
      harness = await openAttackHarness({ JWT_PUBLIC_KEY: issuer.pem });
    });
    afterAll(async () => {
      await attackersServer.close();
      await harness.close();
    });

    test('control: a token of the issuer enters', async () => {
      await harness.expectEntry(await signWith(issuer, harness.claims));
    });

    test('key confusion: the public key, in any form, as an HMAC secret', async () => {
      const { pem, publicKey, jwk } = issuer;
      const secrets: (string | Buffer)[] = [
        pem,
        pem.trim(),
        pem.split('\n').slice(1, -2).join(''),
        publicKey.export({ type: 'spki', format: 'der' }),
        JSON.stringify(jwk),
        JSON.stringify(publicKey.export({ format: 'jwk' })),
        jwk.n ?? jwk.x ?? '',
        Buffer.from(jwk.n ?? jwk.x ?? '', 'base64url'),
        '',
      ];
      for (const [hmac, hash] of [
        ['HS256', 'sha256'],
        ['HS384', 'sha384'],
        ['HS512', 'sha512'],
      ] as const) {
        for (const secret of secrets) {
          const input = `${encode({ alg: hmac })}.${encode(harness.claims)}`;
          const signature = createHmac(hash, secret).update(input).digest('base64url');
          await expectHarmless(`${input}.${signature}`, 'algorithm_not_allowed');
        }
      }
      for (const secret of secrets) {
        const input = `${encode({ alg })}.${encode(harness.claims)}`;
        const signature = createHmac('sha256', secret).update(input).digest();
        await expectHarmless(forge({ alg }, signature), 'bad_signature');
      }
    });

    test('alg none, with and without the issuer’s signature', async () => {
      const signature = signatureOf(await signWith(issuer, harness.claims));
      for (const none of ['none', 'None', 'NONE', 'nOnE'])
        for (const bytes of [new Uint8Array(), signature])
          await expectHarmless(forge({ alg: none }, bytes), 'algorithm_not_allowed');
    });

    test('a token that the attacker signed', async () => {
      await expectHarmless(await signWith(attacker, harness.claims), 'bad_signature');
    });

    test('keys that come with the token (jwk, jku, x5u, x5c, kid): not used, and nothing is fetched', async () => {
      const certificate = Buffer.from(attacker.pem).toString('base64');
      for (const header of [
        { jwk: { ...attacker.jwk, kid: 'k' }, kid: 'k' },
        { jku: attackersServer.url, kid: 'k' },
        { x5u: attackersServer.url },
        { x5c: [certificate] },
        { kid: attackersServer.url },
      ])
        await expectHarmless(await signWith(attacker, harness.claims, header), 'bad_signature');
      expect(attackersServer.requests).toBe(0);
    });

    test('signatures that are empty, zero, or of another length than the key’s', async () => {
      const length = signatureOf(await signWith(issuer, harness.claims)).length;
      for (const size of [0, 1, length - 1, length, length * 2])
        for (const byte of [0x00, 0xff])
          await expectHarmless(forge({ alg }, Buffer.alloc(size, byte)), 'bad_signature');
    });

    test('the issuer’s signature of another payload, and with a byte less, more or changed', async () => {
      const other = await signWith(issuer, { ...harness.claims, sub: 'attacker' });
      await expectHarmless(forge({ alg }, signatureOf(other)), 'bad_signature');
      const bytes = signatureOf(await signWith(issuer, harness.claims));
      const changed = Buffer.from(bytes);
      changed.writeUInt8(bytes.readUInt8(0) ^ 0x80, 0);
      for (const wrong of [
        bytes.subarray(1),
        bytes.subarray(0, -1),
        Buffer.concat([bytes, Buffer.alloc(1)]),
        changed,
      ])
        await expectHarmless(forge({ alg }, wrong), 'bad_signature');
    });
  },
);

describe('ECDSA', () => {
  const ORDER = 'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551';
  const number = (hex: string) => Buffer.from(hex.padStart(64, '0'), 'hex');

  beforeAll(async () => {
    issuer = await makeKeyPair('ES256');
    harness = await openAttackHarness({ JWT_PUBLIC_KEY: issuer.pem });
  });
  afterAll(() => harness.close());

  test('r and s of zero, one or the group’s order', async () => {
    for (const r of ['0', '1', ORDER])
      for (const s of ['0', '1', ORDER])
        await expectHarmless(
          forge({ alg: 'ES256' }, Buffer.concat([number(r), number(s)])),
          'bad_signature',
        );
  });

  test('a right signature in DER, as OpenSSL writes it', async () => {
    const input = Buffer.from(`${encode({ alg: 'ES256' })}.${encode(harness.claims)}`);
    const signatureIn = (dsaEncoding: 'der' | 'ieee-p1363') =>
      sign('sha256', input, { key: issuer.privateKey, dsaEncoding });
    await expectHarmless(forge({ alg: 'ES256' }, signatureIn('der')), 'bad_signature');
    await harness.expectEntry(forge({ alg: 'ES256' }, signatureIn('ieee-p1363')));
  });

  test('a right signature under the name of another curve', async () => {
    for (const alg of ['ES384', 'ES512', 'ES256K', 'EdDSA', 'RS256'])
      await expectHarmless(forge({ alg }, Buffer.alloc(64, 1)), 'algorithm_not_allowed');
  });
});

describe('RSA', () => {
  beforeAll(async () => {
    issuer = await makeKeyPair('RS256');
    harness = await openAttackHarness({ JWT_PUBLIC_KEY: issuer.pem });
  });
  afterAll(() => harness.close());

  test('a signature of one padding under the name of the other', async () => {
    for (const [alg, claimed] of [
      ['RS256', 'PS256'],
      ['PS256', 'RS256'],
      ['RS256', 'RS512'],
    ] as const) {
      const [header, payload, signature] = (
        await signWith({ ...issuer, algorithm: alg }, harness.claims)
      ).split('.');
      await harness.expectEntry(`${header}.${payload}.${signature}`);
      await expectHarmless(`${encode({ alg: claimed })}.${payload}.${signature}`, 'bad_signature');
    }
  });

  test('the modulus, and numbers about it, as the signature', async () => {
    const modulus = Buffer.from(issuer.jwk.n ?? '', 'base64url');
    const [one, less] = [Buffer.alloc(256), Buffer.from(modulus)];
    one.writeUInt8(1, 255);
    less.writeUInt8(modulus.readUInt8(255) - 1, 255);
    for (const bytes of [modulus, one, less])
      for (const alg of ['RS256', 'PS256'])
        await expectHarmless(forge({ alg }, bytes), 'bad_signature');
  });
});

test('an allowlist narrows what a key may verify', async () => {
  issuer = await makeKeyPair('PS256');
  harness = await openAttackHarness({ JWT_PUBLIC_KEY: issuer.pem, JWT_ALGORITHMS: 'RS256' });
  try {
    await expectHarmless(await signWith(issuer, harness.claims), 'algorithm_not_allowed');
    await harness.expectEntry(await signWith({ ...issuer, algorithm: 'RS256' }, harness.claims));
  } finally {
    await harness.close();
  }
});

describe('with a key set, by its URL or as a document', () => {
  let server: KeyServer;
  let attackersServer: KeyServer;

  beforeAll(async () => {
    issuer = await makeKeyPair('ES256');
    attacker = await makeKeyPair('ES256');
    server = await startKeyServer([{ ...issuer.jwk, kid: 'issuer' }]);
    attackersServer = await startKeyServer([{ ...attacker.jwk, kid: 'attacker' }]);
  });
  afterAll(async () => {
    await server.close();
    await attackersServer.close();
  });

  test.each(['JWT_JWKS_URL', 'JWT_PUBLIC_KEY'])(
    '%s: only its keys count, and forged tokens cause no fetch within 5 s',
    async (variable) => {
      const before = server.requests;
      const text = variable === 'JWT_JWKS_URL' ? server.url : JSON.stringify({ keys: server.keys });
      harness = await openAttackHarness({ [variable]: text });
      freezeDate(Date.now());
      try {
        await harness.expectEntry(await signWith(issuer, harness.claims, { kid: 'issuer' }));
        const forged = (header: object) => signWith(attacker, harness.claims, { ...header });
        for (const kid of [
          ...['attacker', 'Issuer', 'issuer ', '', '__proto__', '0', '../issuer'],
          ...[attackersServer.url, "' OR 1=1 --", 'x'.repeat(5_000)],
        ])
          await expectHarmless(
            await forged({ kid, jwk: attacker.jwk, jku: attackersServer.url }),
            'unknown_key',
          );
        for (const header of [
          {},
          { kid: 'issuer' },
          { kid: 'issuer', jwk: attacker.jwk, jku: attackersServer.url, x5u: attackersServer.url },
        ])
          await expectHarmless(await forged(header), 'bad_signature');
        for (const kid of [0, null, ['issuer'], { kid: 'issuer' }])
          await expectHarmless(
            forge({ alg: 'ES256', kid }, Buffer.alloc(64, 1)),
            'malformed_header',
          );
        await expectHarmless(
          signRaw({ alg: 'HS256', kid: 'issuer' }, harness.claims, issuer.pem),
          'algorithm_not_allowed',
        );
        await expectHarmless(
          signRaw({ alg: 'none', kid: 'issuer' }, harness.claims, ''),
          'algorithm_not_allowed',
        );
        await expectHarmless(
          forge({ alg: 'RS256', kid: 'issuer' }, Buffer.alloc(256, 1)),
          variable === 'JWT_JWKS_URL' ? 'unknown_key' : 'algorithm_not_allowed',
        );
      } finally {
        jest.useRealTimers();
        await harness.close();
      }
      expect(attackersServer.requests).toBe(0);
      // The one fetch of the key set, for the first token.
      expect(server.requests - before).toBe(variable === 'JWT_JWKS_URL' ? 1 : 0);
    },
  );
});
