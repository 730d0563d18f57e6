import { describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import type { KeySet } from '../../../lib/tokens/key-set.ts';
import { CLOCK_TOLERANCE_SECONDS } from '../../../lib/tokens/session-claims.ts';
import { verifyToken } from '../../../lib/tokens/verify.ts';
import { anyCharacter } from '../../support/characters.ts';
import { useFrozenDate } from '../../support/clock.ts';
import { makeKeyPair, signWith } from '../../support/key-pairs.ts';
import { signRaw, TEST_SECRET } from '../../support/signing.ts';
import { issuerOf, outcomeOf } from '../../support/verifier.ts';

const verifier = issuerOf({ JWT_SECRET: TEST_SECRET });
const HS256 = { alg: 'HS256' };
const NOW_SECONDS = 1_800_000_000;
const claims = { sub: 'alice', jti: 'j', exp: NOW_SECONDS + 60 };
const session = { sub: 'alice', jti: 'j' };

useFrozenDate(NOW_SECONDS * 1_000);

const statusOf = async (changes: object) =>
  (await verifyToken(signRaw(HS256, { ...claims, ...changes }), [verifier])).status;

test('gives the claims and the session of a verified token', async () => {
  const all = { ...claims, name: 'Alice', roles: ['reader'] };
  expect(await verifyToken(signRaw(HS256, all), [verifier])).toMatchObject({
    status: 'verified',
    claims: all,
    session,
  });
});

describe('the clock may be off by a few seconds', () => {
  test('a token expires when the tolerance after its exp is over', async () => {
    expect(CLOCK_TOLERANCE_SECONDS).toBe(5);
    expect(await statusOf({ exp: NOW_SECONDS - 4 })).toBe('verified');
    expect(await statusOf({ exp: NOW_SECONDS - 5 })).toBe('expired');
    expect(await statusOf({ exp: NOW_SECONDS - 4.5 })).toBe('verified');
    expect(await statusOf({ exp: NOW_SECONDS - 5.5 })).toBe('expired');
  });

  test('a token becomes valid the tolerance before its nbf', async () => {
    expect(await statusOf({ nbf: NOW_SECONDS + 5 })).toBe('verified');
    expect(await statusOf({ nbf: NOW_SECONDS + 6 })).toBe('not_yet_valid');
    expect(await statusOf({ nbf: NOW_SECONDS + 5.5 })).toBe('not_yet_valid');
  });

  test('the time of the call counts, not that of the start', async () => {
    const token = signRaw(HS256, claims);
    expect((await verifyToken(token, [verifier])).status).toBe('verified');
    jest.setSystemTime((claims.exp + 4) * 1_000 + 999);
    expect((await verifyToken(token, [verifier])).status).toBe('verified');
    jest.setSystemTime((claims.exp + 5) * 1_000);
    expect(await verifyToken(token, [verifier])).toMatchObject({
      status: 'expired',
      claims,
      session,
    });
  });
});

test('issuer and audience are not checked where they are not configured', async () => {
  expect(await statusOf({ iss: 'anyone', aud: 'anything' })).toBe('verified');
  expect(await statusOf({ iss: 1, aud: {} })).toBe('verified');
});

describe('several issuers', () => {
  const HOSTS = ['https://one.example', 'https://one.example/', 'https://two.example'];
  const [plain = '', slash = '', two = ''] = HOSTS;
  // The first two have the same keys, as a provider's customers may.
  const SECRETS = ['A', 'A', 'B'].map((letter) => `${TEST_SECRET}${letter}`);
  /** Issuers whose keys were asked for. */
  let asked: string[];
  const issuers = HOSTS.map((issuer, index) => {
    const { keys, ...single } = issuerOf({ JWT_SECRET: SECRETS[index] });
    const resolve: KeySet['resolve'] = (...request) => {
      asked.push(issuer);
      return keys.resolve(...request);
    };
    return { ...single, issuer, partitionPrefix: `${issuer}|`, keys: { ...keys, resolve } };
  });

  /** The outcome of a payload signed by the key of one of them, and whose keys were asked for. */
  async function outcome(signer: number, payload: Record<string, unknown> | string) {
    asked = [];
    const verified = await verifyToken(signRaw(HS256, payload, SECRETS[signer]), issuers);
    return [verified.status === 'refused' ? verified.reason : verified.session.sub, asked];
  }

  test('each lets its own tokens in, under its own partition, by its own keys', async () => {
    for (const [index, iss] of HOSTS.entries())
      expect(await outcome(index, { ...claims, iss })).toEqual([`${iss}|alice`, [iss]]);
    const guest = { ...claims, iss: two, sub: undefined };
    expect(await outcome(2, guest)).toEqual([`${two}|#jti:j`, [two]]);
  });

  test('where two share a key set, the user is of the one that the token names', async () => {
    for (const [signer, iss] of [
      [0, slash],
      [1, plain],
    ] as const)
      expect(await outcome(signer, { ...claims, iss })).toEqual([`${iss}|alice`, [iss]]);
  });

  test('the key of one never opens another’s tokens', async () => {
    expect(await outcome(2, { ...claims, iss: plain })).toEqual(['bad_signature', [plain]]);
    expect(await outcome(0, { ...claims, iss: two })).toEqual(['bad_signature', [two]]);
  });

  test.each([
    ...[undefined, null, '', 1, [plain], [[plain]], { 0: plain }],
    ...[`${plain}//`, ` ${plain}`, plain.toUpperCase(), `${plain}|`],
  ])('an iss of %j asks for no keys', async (iss) => {
    expect(await outcome(0, { ...claims, iss })).toEqual(['wrong_issuer', []]);
  });

  test.each(['null', '[]', '"x"', '', '{', '{"__proto__":{"iss":"https://two.example"}}'])(
    'nor does a payload %j',
    async (payload) => {
      expect(await outcome(2, payload)).toEqual(['wrong_issuer', []]);
    },
  );

  test('of repeated iss members the last chooses the keys, and is compared after', async () => {
    const payload = (first: string, last: string) =>
      JSON.stringify({ ...claims, iss: last }).replace('{', `{"iss":"${first}",`);
    expect(await outcome(2, payload(plain, two))).toEqual([`${two}|alice`, [two]]);
    expect(await outcome(2, payload(two, plain))).toEqual(['bad_signature', [plain]]);
  });
});

test('a token bound to a key of its holder, or of a security event, is no bearer token', async () => {
  for (const cnf of [null, {}, { jkt: 'x' }, { 'x5t#S256': 'x' }]) {
    expect(await statusOf({ cnf })).toBe('sender_constrained');
    expect(await verifyToken(signRaw(HS256, { ...claims, cnf }), [verifier])).toMatchObject({
      session,
    });
    expect(await statusOf({ cnf, exp: 1 })).toBe('expired');
    expect(await statusOf({ cnf, nbf: NOW_SECONDS + 60 })).toBe('not_yet_valid');
  }
  expect(await outcomeOf(signRaw(HS256, { ...claims, events: {} }), verifier)).toBe(
    'security_event',
  );
  expect(await statusOf({ events: {}, exp: 1 })).toBe('refused');
  expect(await statusOf({ events: undefined, cnf: undefined })).toBe('verified');
});

test('a key that can’t be had is a fault, not a refusal', async () => {
  const fault = new Error('down');
  const keys = { algorithms: verifier.keys.algorithms, resolve: () => Promise.reject(fault) };
  await expect(verifyToken(signRaw(HS256, claims), [{ ...verifier, keys }])).rejects.toBe(fault);
});

test('no key is asked for before the size, the shape and the header are found fit', async () => {
  const resolve = jest.fn(verifier.keys.resolve);
  const keys = { ...verifier.keys, resolve };
  for (const token of [
    'x'.repeat(8_193),
    'a.b',
    signRaw({ alg: 'none' }, claims),
    signRaw({ alg: 'RS256' }, claims),
    signRaw({ ...HS256, typ: 'logout+jwt' }, claims),
    signRaw({ ...HS256, crit: ['exp'] }, claims),
  ])
    expect((await verifyToken(token, [{ ...verifier, keys }])).status).toBe('refused');
  expect(resolve).not.toHaveBeenCalled();
  await verifyToken(signRaw({ ...HS256, kid: 'k', jwk: {} }, claims), [{ ...verifier, keys }]);
  expect(resolve.mock.calls).toEqual([[{ alg: 'HS256', kid: 'k' }, 'cached']]);
});

describe('whatever the token is', () => {
  test('any text at all is refused, without an exception', async () => {
    const text = fc.oneof(
      fc.string({ unit: anyCharacter, maxLength: 200 }),
      fc.array(fc.base64String({ maxLength: 40 }), { maxLength: 6 }).map((a) => a.join('.')),
    );
    await fc.assert(
      fc.asyncProperty(text, async (token) => {
        expect((await verifyToken(token, [verifier])).status).toBe('refused');
      }),
      { numRuns: 500 },
    );
  });

  test('any JSON in a properly signed token has an outcome, without an exception', async () => {
    const odd = fc.jsonValue({ maxDepth: 2 });
    const member = (usual: unknown) =>
      fc.oneof({ weight: 4, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: odd });
    const header = fc.record(
      { alg: member('HS256'), typ: member('JWT'), kid: odd, crit: odd, b64: odd, jwk: odd },
      { requiredKeys: ['alg'] },
    );
    const plain = fc.constant({ alg: 'HS256' }); // so that the payloads are looked at as well
    const payload = fc.record(
      {
        sub: member('alice'),
        jti: member('j'),
        exp: member(claims.exp),
        nbf: member(0),
        iat: member(0),
      },
      { requiredKeys: [] },
    );
    const seen = new Set<string>();
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(plain, header, odd),
        fc.oneof(payload, odd),
        async (first, second) => {
          const text = JSON.stringify(second);
          const outcome = await verifyToken(signRaw(JSON.stringify(first), text), [verifier]);
          seen.add(outcome.status);
          expect(['verified', 'expired', 'not_yet_valid', 'refused']).toContain(outcome.status);
        },
      ),
      {
        numRuns: 1_000,
        // One of each outcome, which chance might not bring.
        examples: [
          [{ alg: 'HS256' }, claims],
          [{ alg: 'HS256' }, { ...claims, exp: 1 }],
          [{ alg: 'HS256' }, { ...claims, nbf: NOW_SECONDS + 60 }],
          [{ alg: 'none' }, claims],
        ],
      },
    );
    expect([...seen].sort()).toEqual(['expired', 'not_yet_valid', 'refused', 'verified']);
  });

  test('one changed, added or missing character makes a real token refused', async () => {
    const token = signRaw({ ...HS256, typ: 'JWT', kid: 'k1' }, { ...claims, name: 'Alice' });
    const place = fc.nat({ max: token.length - 1 });
    const character = fc.oneof(
      fc.constantFrom(...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ '),
      fc.string({ unit: anyCharacter, minLength: 1, maxLength: 1 }),
    );
    const kind = fc.constantFrom('changed', 'added', 'missing');
    await fc.assert(
      fc.asyncProperty(place, character, kind, async (at, c, how) => {
        const behind = token.slice(how === 'added' ? at : at + 1);
        const text = `${token.slice(0, at)}${how === 'missing' ? '' : c}${behind}`;
        fc.pre(text !== token);
        expect((await verifyToken(text, [verifier])).status).toBe('refused');
      }),
      { numRuns: 1_000 },
    );
  });
});

test('both signatures that ECDSA allows for a token name the same session, as nothing is keyed on its text', async () => {
  const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
  const issuer = await makeKeyPair('ES256');
  const byPublicKey = issuerOf({ JWT_PUBLIC_KEY: issuer.pem });
  const [header, payload, signature = ''] = (await signWith(issuer, claims)).split('.');
  const one = Buffer.from(signature, 'base64url');
  const s = ORDER - BigInt(`0x${one.subarray(32).toString('hex')}`);
  const other = Buffer.from(s.toString(16).padStart(64, '0'), 'hex');
  for (const bytes of [one, Buffer.concat([one.subarray(0, 32), other])]) {
    const token = `${header}.${payload}.${bytes.toString('base64url')}`;
    const verified = { status: 'verified', claims, session };
    expect(await verifyToken(token, [byPublicKey])).toMatchObject(verified);
  }
});
