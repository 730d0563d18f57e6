import { createHmac } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { parseSecrets } from '../../../lib/tokens/hmac-keys.ts';
import { encode } from '../../support/signing.ts';
import { issuerOf, outcomeOf } from '../../support/verifier.ts';

/** The secrets' bytes. */
const parse = (text: string) =>
  parseSecrets(text, 'JWT_SECRET').map((secret) => secret.export().toString('latin1'));

/** Why a text is refused; undefined where it is accepted. */
function problem(text: string): string | undefined {
  try {
    parseSecrets(text, 'JWT_SECRET');
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

describe('a secret', () => {
  const long = 'Zq3vX9mT7rB5wC8yP1sL6nD4hF0jG2kA';

  test('has 32 bytes or more', () => {
    expect(parse(long)).toEqual([long]);
    expect(problem(long.slice(1))).toBe(
      'JWT_SECRET holds a secret of 31 bytes, where at least 32 are needed; make one with: openssl rand -base64 48',
    );
  });

  test('is counted in bytes, not in characters', () => {
    const text = `${long.slice(0, 28)}éü`;
    expect([text.length, Buffer.byteLength(text)]).toEqual([30, 32]);
    expect(problem(text)).toBeUndefined();
  });

  test('has 8 different characters or more', () => {
    expect(problem('fkxqzjvwqxkfjzwvkqfxvjzwxfkqwvzjq')).toBeUndefined();
    expect(problem('fkxqzjvqxkfjzvkqfxvjzxfkqvzjqvzjx')).toMatch(
      /^JWT_SECRET holds a secret of fewer than 8 different characters, which can be guessed; /,
    );
  });

  const kinds: [string, string][] = [
    ['published example', '09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7'],
    ['published example', 'a-string-secret-at-least-256-bits-long'],
    [
      'published example',
      'a-valid-string-secret-that-is-at-least-512-bits-long-which-is-very-long',
    ],
    ['published example', 'your-super-secret-jwt-token-with-at-least-32-characters-long'],
    ['published example', '404E635266556A586E3272357538782F413F4428472B4B6250645367566B5970'],
    ['placeholder', 'your-super-secret-jwt-key-change-in-production'],
    ['placeholder', 'mysupersecretkey_changethisinproduction'],
    ['placeholder', 'CHANGE_ME_CHANGE_ME_CHANGE_ME_1234'],
    ['placeholder', 'your_very_secure_random_string_here_min_32_chars'],
    ['placeholder', 'YOUR_SUPER_SECRET_KEY_MAKE_SURE_IT_IS_LONG_ENOUGH'],
    ['placeholder', 'example-key-of-the-readme-0123456789'],
    ['placeholder', 'todo-set-a-real-secret-before-deploying-x'],
    ['placeholder', 'set_a_real_secret_before_deploying_TODO'],
    ['placeholder', 'default-key-of-the-docker-compose-file'],
    ['placeholder', 'InsecureKeyForTheDockerComposeFile01'],
    ['placeholder', 'this-key-is-not-secure-at-all-0293847'],
    ['placeholder', 'generate_one_with_openssl_rand_base64'],
    ['placeholder', 'ReplaceThisWithSomethingRandomAndLong'],
    ['placeholder', 'change-it-before-going-live-0293847561'],
    ['placeholder', 'only-a-test-key-for-the-docker-stack-7'],
    ['counted out', '12345678901234567890123456789012'],
    ['counted out', '0123456789abcdef0123456789abcdef'],
    ['counted out', '0123456789ABCDEF0123456789ABCDEF'],
    ['counted out', '0123-4567-89AB-CDEF-0123-4567-89AB-CDEF'],
    ['counted out', 'fedcba9876543210fedcba9876543210'],
    ['counted out', 'abcdefghijklmnopqrstuvwxyz0123456789'],
    ['counted out', 'qwertyuiopasdfghjklzxcvbnm123456'],
    ['counted out', `jwt-key-${'x'.repeat(40)}`],
    ['counted out', 'Zq3vX9mT7rB5'.repeat(3)],
  ];
  test.each(kinds)('is no %s one, also in base64 and in hex: %s', (kind, secret) => {
    const bytes = Buffer.from(secret);
    for (const text of [
      secret,
      bytes.toString('base64'),
      bytes.toString('base64url'),
      bytes.toString('hex'),
      `base64:${bytes.toString('base64')}`,
    ]) {
      expect(problem(text)).toMatch(new RegExp(`^JWT_SECRET holds a .*${kind}.*; make one with`));
      expect(problem(text)).not.toContain(text);
      expect(problem(text)).not.toContain(secret);
    }
  });

  test('may hold a short word of placeholders inside longer ones', () => {
    expect(problem('contestant-protest-mastodon-Zq3vX9mT7')).toBeUndefined();
    expect(problem('contestant-pro-test-mastodon-Zq3vX9mT7')).toMatch(/placeholder/);
  });

  test('may be partly counted out', () => {
    expect(problem('Zq3vX9mT7rB5wC8y-0123456789')).toMatch(/27 bytes/);
    expect(problem('Zq3vX9mT7rB5wC8yP1sL6-0123456789')).toBeUndefined();
  });

  const HEX = /(.{8})(.{4}).(.{3}).(.{3})(.{12})/g;
  const UUID = '$1-$2-4$3-a$4-$5';
  // The rate over 3 million of each kind was under one in a million. These are the same on every run.
  test.each([
    ['hex', (bytes: Buffer) => bytes.toString('hex')],
    ['base64', (bytes: Buffer) => bytes.toString('base64')],
    ['base64url', (bytes: Buffer) => bytes.toString('base64url')],
    ['base64 of bytes', (bytes: Buffer) => `base64:${bytes.toString('base64')}`],
    ['two UUIDs', (bytes: Buffer) => bytes.toString('hex').slice(0, 64).replaceAll(HEX, UUID)],
  ])('that is random is accepted, 1,000 times, in %s', (_, encodeBytes) => {
    const refused: string[] = [];
    for (let i = 0; i < 1_000; i += 1) {
      const bytes = createHmac('sha384', 'seed').update(`${i}`).digest();
      const text = encodeBytes(bytes);
      if (problem(text)) refused.push(text);
    }
    expect(refused).toEqual([]);
  });

  describe('as base64 of bytes', () => {
    const bytes = createHmac('sha384', 'seed').update('bytes').digest();

    test('signs and verifies by its bytes, beside one that is a text', async () => {
      const input = `${encode({ alg: 'HS256' })}.${encode({ sub: 'alice', jti: 'j', exp: 4_102_444_800 })}`;
      const token = `${input}.${createHmac('sha256', bytes).update(input).digest('base64url')}`;
      for (const encoding of ['base64', 'base64url'] as const) {
        const secret = bytes.toString(encoding);
        for (const JWT_SECRET of [`base64:${secret}`, `${long} base64:${secret}`])
          expect(await outcomeOf(token, issuerOf({ JWT_SECRET }))).toBe('verified');
        expect(await outcomeOf(token, issuerOf({ JWT_SECRET: secret }))).toBe('bad_signature');
      }
    });

    test('is measured in its bytes', () => {
      const text = (size: number) => `base64:${bytes.subarray(0, size).toString('base64')}`;
      expect(problem(text(32))).toBeUndefined();
      expect(problem(text(31))).toMatch(/^JWT_SECRET holds a secret of 31 bytes, /);
    });

    test.each(['base64:', 'base64:ä', `base64:${'a.b'.repeat(20)}`, 'base64:=', 'base64:QUFB===='])(
      '%j is refused: no base64',
      (text) => {
        expect(problem(text)).toMatch(
          /^JWT_SECRET holds "base64:" before a text that is no base64; /,
        );
      },
    );
  });

  test('may have up to three older ones beside it, separated by white space', () => {
    const secrets = ['A', 'B', 'C', 'D', 'E'].map((letter) => `${long}${letter}`);
    expect(parse(` ${secrets.slice(0, 4).join(' \n')}\n`)).toEqual(secrets.slice(0, 4));
    expect(problem(secrets.join(' '))).toBe(
      'JWT_SECRET holds 5 secrets separated by spaces; keep at most 4 while rotating',
    );
  });

  test('is told apart from the others where it is weak', () => {
    expect(problem(`${long} short`)).toMatch(
      /^JWT_SECRET holds a secret of 5 bytes, where at least 32 are needed \(secret 2 of 2\); /,
    );
  });
});
