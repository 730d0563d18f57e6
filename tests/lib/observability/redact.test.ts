import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { redactor } from '../../../lib/observability/redact.ts';
import { configuredSecrets } from '../../../lib/observability/settings.ts';
import { anyCharacter } from '../../support/characters.ts';
import { signRaw } from '../../support/signing.ts';

const TOKEN = signRaw({ alg: 'HS256', typ: 'JWT' }, { sub: 'alice', jti: 'a-session' });
const [, CLAIMS = '', SIGNATURE = ''] = TOKEN.split('.');

describe('the credentials of the request', () => {
  test.each<[string, string, string, string]>([
    ['the whole header', `Bearer ${TOKEN}`, `got Bearer ${TOKEN}!`, 'got ***!'],
    ['the token alone', `Bearer ${TOKEN}`, `got "${TOKEN}"`, 'got "***"'],
    ['the claims alone', `Bearer ${TOKEN}`, `got ${CLAIMS}`, 'got ***'],
    ['the signature alone', `Bearer ${TOKEN}`, `bad ${SIGNATURE}`, 'bad ***'],
    ['two spaces', `Bearer  ${TOKEN}`, `got ${TOKEN}`, 'got ***'],
    ['something after the token', `Bearer ${TOKEN} x`, `got ${TOKEN}`, 'got ***'],
    ['long and short parts', 'Bearer aaaaaaaaaaaaaaaaaaaa/b', 'aaaaaaaaaaaaaaaaaaaa/b', '***'],
    ['a repeated header', `Bearer a.b.c,Bearer ${TOKEN}`, `got ${SIGNATURE}`, 'got ***'],
    ['no scheme', TOKEN, `got ${TOKEN}`, 'got ***'],
    ['another scheme', 'Basic YWxpY2U6c2VjcmV0', 'got YWxpY2U6c2VjcmV0', 'got ***'],
    [
      'a password of Basic',
      `Basic ${btoa('gateway:a-secret-of-a-client')}`,
      'got a-secret-of-a-client of gateway',
      'got *** of gateway',
    ],
    ['an opaque token', 'Bearer 5f2b9c', 'got 5f2b9c.', 'got ***.'],
    ['a token of one character', 'Bearer x', 'no x in xylophone', 'no *** in xylophone'],
    ['a token like a pattern', 'Bearer .*', 'got .*', 'got ***'],
    ['a token like a group', 'Bearer (a', 'got (a', 'got ***'],
    ['a token that a replacement could be', 'Bearer $&', 'got $&', 'got ***'],
  ])('are taken out: %s', (_, authorization, text, expected) => {
    expect(redactor(authorization, [])(text)).toBe(expected);
  });

  test.each([undefined, '', ' ', 'Bearer', 'Bearer '])(
    'leave a text alone without any: %j',
    (none) => {
      const text =
        'Cannot read properties of undefined (reading "x") at /var/task/lib/tokens.ts:7:1';
      expect(redactor(none, [])(text)).toBe(text);
    },
  );

  test('are taken out whatever they are and wherever they stand', () => {
    const credentials = fc
      .string({ unit: anyCharacter, minLength: 8, maxLength: 60 })
      .filter((text) => text.trim() === text && !text.includes('***'));
    fc.assert(
      fc.property(credentials, fc.string(), fc.string(), (token, before, after) => {
        fc.pre(!`${before}***${after}`.includes(token));
        const text = redactor(`Bearer ${token}`, [])(`${before}${token}${after}`);
        expect(text).not.toContain(token);
      }),
    );
  });
});

describe('other secrets', () => {
  test('are hashes of clients, and whatever was put in their place', () => {
    const hash = 'a1'.repeat(32);
    const plain = 'a-secret-in-place-of-its-hash';
    const clients = { OAUTH_CLIENTS: JSON.stringify({ gateway: hash, other: plain }) };
    const redact = redactor(undefined, configuredSecrets(clients));
    expect(redact(`${hash}, ${plain}, gateway`)).toBe('***, ***, gateway');
  });

  const SECRET = 'kX3v9Qm2Zt7Rb5Wc8Yp1Ls6Nd4Hf0Jg';

  test('are taken out where they are configured', () => {
    expect(redactor(undefined, [SECRET])(`key ${SECRET}${SECRET} failed`)).toBe(
      'key ****** failed',
    );
  });

  test('are left where they are too short to be told from words', () => {
    const text = 'a test failed';
    expect(redactor(undefined, ['test', ''])(text)).toBe(text);
  });

  test.each<[string, string, string]>([
    ['a JWT of somebody else', `got ${TOKEN}`, 'got ***'],
    ['a JWT in a URL', `https://a.example/?token=${TOKEN}&b`, 'https://a.example/?token=***&b'],
    ['a JWT without its signature', `got ${TOKEN.replace(/[^.]*$/, '')} x`, 'got *** x'],
    ['a JWT that was cut', `got ${TOKEN.slice(0, 60)}`, 'got ***'],
    ['an encrypted JWT', 'got eyJhbGciOiJkaXIifQ..aXY.Y2lwaGVy.dGFn!', 'got ***!'],
    ['a JWT behind a prefix', `cookie session-${TOKEN}`, 'cookie ***'],
    ['two of them', `${TOKEN} ${TOKEN}`, '*** ***'],
  ])('are taken out by their looks: %s', (_, text, expected) => {
    expect(redactor(undefined, [])(text)).toBe(expected);
  });

  test('leave file names, hosts and versions as they are', () => {
    const text = 'at /var/task/lib/tokens.ts:1:2 dynamodb.us-east-1.amazonaws.com v3.1164.0 eyJust';
    expect(redactor(undefined, [SECRET])(text)).toBe(text);
  });

  test('are looked for in time that grows with the text only', () => {
    // Ten million characters: this ends at once, or not before the test’s own timeout.
    const texts = ['eyJ-'.repeat(2_500_000), 'a-'.repeat(5_000_000), 'a.'.repeat(5_000_000)];
    for (const text of texts)
      expect(redactor(`Bearer ${TOKEN}`, [SECRET])(text)).not.toContain('*');
  });
});

test('a secret in base64 is taken out with its prefix and without', () => {
  const JWT_SECRET = 'a-plain-secret-of-the-past base64:WnEzdlg5bVQ3ckI1d0M4eVAxc0w2';
  const redact = redactor(undefined, configuredSecrets({ JWT_SECRET }));
  for (const secret of JWT_SECRET.split(' '))
    expect(redact(secret)).not.toContain(secret.slice(-20));
});
