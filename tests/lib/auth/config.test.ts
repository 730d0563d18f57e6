import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readConfiguration } from '../../../lib/auth/config.ts';
import { errorDetails } from '../../../lib/observability/settings.ts';
import { ConfigurationError, type Environment } from '../../../lib/shared/environment.ts';
import { parseSecrets } from '../../../lib/tokens/hmac-keys.ts';
import { createKeySet } from '../../../lib/tokens/key-source.ts';
import { TEST_SECRET } from '../../support/signing.ts';

const working = { SESSIONS_TABLE: 'sessions', JWT_SECRET: TEST_SECRET };

/** The error that a function starts with under these variables. */
function problem(changes: Environment): ConfigurationError {
  try {
    createKeySet(readConfiguration({ ...working, ...changes }).tokens);
  } catch (error) {
    if (error instanceof ConfigurationError) return error;
    throw error;
  }
  throw new Error('The configuration was accepted');
}

const instead = (changes: Environment) => ({ JWT_SECRET: undefined, ...changes });

test('reads the smallest configuration', () => {
  expect(readConfiguration(working)).toEqual({
    sessionsTable: 'sessions',
    tokens: {
      keySource: { kind: 'secrets', secrets: [TEST_SECRET] },
      algorithms: undefined,
      issuer: undefined,
      audience: undefined,
    },
    authorizerClaims: [],
  });
});

test('takes variables that a deployment leaves empty for not set', () => {
  const empty = { JWT_PUBLIC_KEY: '', JWT_JWKS_URL: '', JWT_SECRET_PARAMETER: '' };
  const unset = { JWT_ALGORITHMS: '', JWT_ISSUER: '', JWT_AUDIENCE: '' };
  expect(readConfiguration({ ...working, ...empty, ...unset })).toEqual(readConfiguration(working));
});

test('reads the issuer, the audience and the allowlist', () => {
  const variables = { JWT_ISSUER: 'i', JWT_AUDIENCE: 'a', JWT_ALGORITHMS: 'HS512, HS256' };
  expect(readConfiguration({ ...working, ...variables }).tokens).toMatchObject({
    issuer: 'i',
    audience: 'a',
    algorithms: ['HS512', 'HS256'],
  });
});

describe('SESSIONS_TABLE', () => {
  test.each([
    'sessions',
    'a.b',
    'A_b-1',
    'x'.repeat(255),
    `arn:aws:dynamodb:eu-west-1:1:table/abc`,
  ])('may be %s', (table) => {
    expect(readConfiguration({ ...working, SESSIONS_TABLE: table }).sessionsTable).toBe(table);
  });
  test.each([undefined, ''])('is named when it is %j', (table) => {
    expect(problem({ SESSIONS_TABLE: table }).message).toBe(
      'SESSIONS_TABLE is not set; it names the DynamoDB table',
    );
  });
  test.each(['ab', 'x'.repeat(256), 'a b', 'a/b', '[object Object]', 'ab\n'])(
    'is named when it is no table name: %j',
    (table) => {
      expect(problem({ SESSIONS_TABLE: table }).message).toMatch(
        /^SESSIONS_TABLE is no DynamoDB table name: 3 to 255 /,
      );
    },
  );
});

describe('the source of keys', () => {
  test('is asked for when there is none', () => {
    expect(problem({ JWT_SECRET: undefined }).message).toBe(
      'JWT_SECRET is not set; set exactly one of JWT_SECRET, JWT_SECRET_PARAMETER, JWT_PUBLIC_KEY, JWT_JWKS_URL',
    );
  });

  test.each(['JWT_SECRET_PARAMETER', 'JWT_PUBLIC_KEY', 'JWT_JWKS_URL'])(
    'is one: %s beside JWT_SECRET is refused by name',
    (variable) => {
      expect(problem({ [variable]: 'x' }).message).toMatch(
        new RegExp(`^${variable} is set beside JWT_SECRET; set exactly one of `),
      );
    },
  );

  test.each([
    ['JWT_SECRET', /^JWT_SECRET holds no secret; make one with: openssl /],
    ['JWT_SECRET_PARAMETER', /^JWT_SECRET_PARAMETER is no name of an SSM parameter/],
    ['JWT_PUBLIC_KEY', /^JWT_PUBLIC_KEY is empty; it takes an SPKI PEM or a JWKS$/],
    ['JWT_JWKS_URL', /^JWT_JWKS_URL is no URL; it takes https/],
  ])('%s that is empty is named, and what it takes', (variable, message) => {
    expect(problem(instead({ [variable]: '' })).message).toMatch(message);
    expect(problem(instead({ [variable]: ' ' })).message).toMatch(message);
  });

  test('may be an SSM parameter by its name', () => {
    for (const name of ['/service/dev/jwt-secret', 'jwt_secret.1']) {
      const { tokens } = readConfiguration({
        ...working,
        ...instead({ JWT_SECRET_PARAMETER: name }),
      });
      expect(tokens.keySource).toEqual({ kind: 'secret-parameter', name });
    }
    expect(problem(instead({ JWT_SECRET_PARAMETER: 'a b' })).variable).toBe('JWT_SECRET_PARAMETER');
  });
});

describe('a secret', () => {
  const long = 'Zq3vX9mT7rB5wC8yP1sL6nD4hF0jG2kA';

  test('has 32 bytes or more', () => {
    expect(parseSecrets(long, 'JWT_SECRET')).toEqual([long]);
    expect(problem({ JWT_SECRET: long.slice(1) }).message).toBe(
      'JWT_SECRET holds a secret of 31 bytes, where at least 32 are needed; make one with: openssl rand -base64 48',
    );
  });

  test('is counted in bytes, not in characters', () => {
    const text = 'abcdéfghijklmnopqrstuvwxyzäöü01'.slice(0, 29);
    expect([text.length, Buffer.byteLength(text)]).toEqual([29, 33]);
    expect(parseSecrets(text, 'JWT_SECRET')).toEqual([text]);
  });

  test('has 8 different characters or more', () => {
    expect(parseSecrets('abcdefgh'.repeat(4), 'JWT_SECRET')).toHaveLength(1);
    expect(problem({ JWT_SECRET: 'abcdefg'.repeat(5) }).message).toMatch(
      /^JWT_SECRET holds a secret of fewer than 8 different characters, which can be guessed; /,
    );
  });

  test.each([
    '09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7',
    'a-string-secret-at-least-256-bits-long',
    'a-valid-string-secret-that-is-at-least-512-bits-long-which-is-very-long',
    'your-super-secret-jwt-token-with-at-least-32-characters-long',
    '404E635266556A586E3272357538782F413F4428472B4B6250645367566B5970',
    '12345678901234567890123456789012',
  ])('is no published one: %s', (secret) => {
    expect(problem({ JWT_SECRET: secret }).message).toMatch(
      /^JWT_SECRET holds a published example /,
    );
  });

  test.each([
    'your-super-secret-jwt-key-change-in-production',
    'mysupersecretkey_changethisinproduction',
    'CHANGE_ME_CHANGE_ME_CHANGE_ME_1234',
    'your_very_secure_random_string_here_min_32_chars',
    'YOUR_SUPER_SECRET_KEY_MAKE_SURE_IT_IS_LONG_ENOUGH',
    'example-key-of-the-readme-0123456789',
  ])('is no placeholder: %s', (secret) => {
    expect(problem({ JWT_SECRET: secret }).message).toMatch(/^JWT_SECRET holds a placeholder /);
  });

  test.each(['secret', 'your-256-bit-secret', 'changeme'])('is not %j', (secret) => {
    expect(problem({ JWT_SECRET: secret }).message).toMatch(
      /^JWT_SECRET holds a secret of \d+ bytes/,
    );
  });

  test('as openssl makes it is accepted, in base64 and in hex', () => {
    const bytes = fc.uint8Array({ minLength: 48, maxLength: 48 });
    const random = bytes
      .filter((array) => new Set(array).size > 30)
      .map((array) => Buffer.from(array));
    fc.assert(
      fc.property(
        random,
        fc.constantFrom('base64' as const, 'hex' as const),
        (buffer, encoding) => {
          expect(parseSecrets(buffer.toString(encoding), 'JWT_SECRET')).toHaveLength(1);
        },
      ),
    );
  });

  test('may have up to three older ones beside it, separated by white space', () => {
    const secrets = ['A', 'B', 'C', 'D', 'E'].map((letter) => `${long}${letter}`);
    expect(parseSecrets(` ${secrets.slice(0, 4).join(' \n')}\n`, 'JWT_SECRET')).toEqual(
      secrets.slice(0, 4),
    );
    expect(problem({ JWT_SECRET: secrets.join(' ') }).message).toBe(
      'JWT_SECRET holds 5 secrets separated by spaces; keep at most 4 while rotating',
    );
  });

  test('is told apart from the others where it is weak', () => {
    expect(problem({ JWT_SECRET: `${long} short` }).message).toMatch(
      /^JWT_SECRET holds a secret of 5 bytes, where at least 32 are needed \(secret 2 of 2\); /,
    );
  });
});

describe('JWT_ALGORITHMS', () => {
  test.each([
    ['HS256 RS256', 'mixes HMAC'],
    ['RS256,HS512', 'mixes HMAC'],
    ['none', '(name 1 of 1) is none of HS256, '],
    ['HS256 hs512', '(name 2 of 2) is none of HS256, '],
    ['ES256K', '(name 1 of 1) is none of HS256, '],
    ['*', '(name 1 of 1) is none of HS256, '],
    ['RS256', 'names RS256, which the configured key cannot verify; it can HS256, HS384, HS512'],
  ])('of %j is refused by name', (names, message) => {
    expect(problem({ JWT_ALGORITHMS: names }).message).toContain(`JWT_ALGORITHMS ${message}`);
  });

  test('is narrowed to HS256 for a secret where it is not set', () => {
    expect(createKeySet(readConfiguration(working).tokens).algorithms).toEqual(['HS256']);
  });
});

describe('JWT_JWKS_URL', () => {
  const url = (text: string) => problem(instead({ JWT_JWKS_URL: text })).message;

  test.each([
    'https://issuer.example/.well-known/jwks.json',
    'http://localhost:8080/jwks',
    'http://127.0.0.1/jwks',
    'http://127.1/jwks',
    'http://[::1]:1/jwks',
  ])('may be %s', (text) => {
    const { tokens } = readConfiguration({ ...working, ...instead({ JWT_JWKS_URL: text }) });
    expect(tokens.keySource).toEqual({ kind: 'jwks-url', url: new URL(text) });
  });

  test.each([
    'http://issuer.example/jwks',
    'http://127.0.0.1.issuer.example/jwks',
    'http://localhost.issuer.example/jwks',
    'http://localhost@issuer.example/jwks',
    'http://0.0.0.0/jwks',
    'http://10.0.0.1/jwks',
    'http://169.254.169.254/jwks',
    'ftp://localhost/jwks',
    'file:///etc/jwks.json',
    'data:application/json,{"keys":[]}',
  ])('is https, or http on the loopback interface only: not %s', (text) => {
    expect(url(text)).toMatch(/^JWT_JWKS_URL must be https: whoever can change the key set /);
  });

  test.each(['issuer.example/jwks', '/jwks', 'https://', 'x'])('is a URL: not %s', (text) => {
    expect(url(text)).toMatch(/^JWT_JWKS_URL (is no URL|must be https)/);
  });

  test.each(['https://user:password@issuer.example/', 'https://user@issuer.example/'])(
    'holds no credentials: not %s',
    (text) => {
      expect(url(text)).toBe('JWT_JWKS_URL must not hold a user name or password');
    },
  );
});

test('no message quotes a secret, whichever variable it was put into', () => {
  const characters = fc.constantFrom(
    ...'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/=-_{}: ',
  );
  const secret = fc.string({ unit: characters, minLength: 12, maxLength: 60 });
  const variable = fc.constantFrom(
    'SESSIONS_TABLE',
    'JWT_SECRET',
    'JWT_SECRET_PARAMETER',
    'JWT_PUBLIC_KEY',
    'JWT_JWKS_URL',
    'JWT_ALGORITHMS',
  );
  let refused = 0;
  fc.assert(
    fc.property(secret, variable, fc.boolean(), (text, name, alone) => {
      let message = '';
      try {
        const others = alone && name.startsWith('JWT_') ? instead({}) : {};
        createKeySet(readConfiguration({ ...working, ...others, [name]: text }).tokens);
      } catch (error) {
        if (!(error instanceof ConfigurationError)) throw error;
        refused += 1;
        message = `${error.message} ${JSON.stringify(error)} ${String(error.cause)}`;
      }
      for (const word of text.split(' ').filter(({ length }) => length >= 6))
        expect(message).not.toContain(word);
    }),
    { numRuns: 1_000 },
  );
  expect(refused).toBeGreaterThan(300);
});

test.each([
  [undefined, 'full'],
  ['', 'full'],
  ['full', 'full'],
  ['redacted', 'redacted'],
  ['Full', 'redacted'],
  ['off', 'redacted'],
])('ERROR_DETAILS %j means %s: what is unknown redacts', (value, expected) => {
  expect(errorDetails({ ERROR_DETAILS: value })).toBe(expected);
});
