import { describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { type IssuerConfiguration, readConfiguration } from '../../../lib/auth/config.ts';
import { errorDetails } from '../../../lib/observability/settings.ts';
import { ConfigurationError, type Environment } from '../../../lib/shared/environment.ts';
import { TEST_SECRET } from '../../support/signing.ts';

const working = { SESSIONS_TABLE: 'sessions', JWT_SECRET: TEST_SECRET };

/** The error of reading these variables. */
function problem(changes: Environment): ConfigurationError {
  try {
    readConfiguration({ ...working, ...changes });
  } catch (error) {
    if (error instanceof ConfigurationError) return error;
    throw error;
  }
  throw new Error('The configuration was accepted');
}

/** The one issuer of these variables. */
function only(variables: Environment): IssuerConfiguration {
  const [issuer] = readConfiguration(variables).issuers;
  if (!issuer) throw new Error('There is no issuer');
  return issuer;
}

const instead = (changes: Environment) => ({ JWT_SECRET: undefined, ...changes });

test('reads the smallest configuration', () => {
  const { issuers, ...others } = readConfiguration(working);
  expect(others).toEqual({ sessionsTable: 'sessions', authorizerClaims: [] });
  expect(issuers).toHaveLength(1);
  const { keySource, ...checks } = only(working);
  expect(checks).toEqual({
    ...{ algorithms: ['HS256'], audience: [], required: [] },
    ...{ userClaim: 'sub', sessionClaim: 'jti', partitionPrefix: '' },
  });
  const secrets = keySource.kind === 'secrets' ? keySource.secrets : [];
  expect(secrets.map((secret) => secret.export().toString())).toEqual([TEST_SECRET]);
});

test('takes variables that a deployment leaves empty for not set', () => {
  const empty = { JWT_PUBLIC_KEY: '', JWT_JWKS_URL: '', JWT_SECRET_PARAMETER: '' };
  const unset = { JWT_ALGORITHMS: '', JWT_ISSUER: '', JWT_AUDIENCE: '' };
  expect(readConfiguration({ ...working, ...empty, ...unset })).toEqual(readConfiguration(working));
});

test('reads the issuer, the audience and the allowlist', () => {
  const variables = { JWT_ISSUER: 'i', JWT_AUDIENCE: 'a', JWT_ALGORITHMS: 'HS512, HS256' };
  expect(only({ ...working, ...variables })).toMatchObject({
    issuer: 'i',
    audience: ['a'],
    algorithms: ['HS512', 'HS256'],
  });
});

test('reads the claims of an identity provider, and the life of its sessions', () => {
  const claims = {
    JWT_USER_CLAIM: 'oid',
    JWT_REQUIRE: 'token_use=access scp',
    JWT_AUDIENCE: 'a b',
  };
  const adopted = { SESSIONS: 'adopted', JWT_SESSION_CLAIM: 'sid' };
  expect(only({ ...working, ...claims, ...adopted })).toMatchObject({
    ...{ userClaim: 'oid', sessionClaim: 'sid', audience: ['a', 'b'], maxAgeMs: undefined },
    required: ['token_use=access', 'scp'],
    adoption: { maxAgeMs: 365 * 86_400_000, tokenIsSession: false },
  });
  for (const JWT_SESSION_CLAIM of ['jti', 'uti', 'none'])
    expect(
      only({ ...working, ...adopted, JWT_SESSION_CLAIM, SESSION_MAX_AGE: '60' }).adoption,
    ).toEqual({ maxAgeMs: 60_000, tokenIsSession: true });
  for (const SESSIONS of ['', 'registered'])
    expect(only({ ...working, SESSIONS, SESSION_MAX_AGE: '999999999' })).toMatchObject({
      ...{ adoption: undefined, maxAgeMs: 999_999_999_000 },
    });
});

test.each<[Environment, RegExp]>([
  [{ SESSIONS: 'Adopted' }, /^SESSIONS must be registered or adopted$/],
  [
    { SESSIONS: 'adopted' },
    /^JWT_SESSION_CLAIM is not set; .* such as sid, or one of jti, uti, none/,
  ],
  [
    { SESSIONS: 'adopted', JWT_SESSION_CLAIM: '' },
    /^JWT_SESSION_CLAIM is not set; SESSIONS=adopted/,
  ],
  [
    { JWT_LOGOUT_AUDIENCE: 'web' },
    /^JWT_LOGOUT_ISSUER is not set, nor is JWT_ISSUER; JWT_LOGOUT_AUDIENCE needs one of them$/,
  ],
  [
    { JWT_LOGOUT_AUDIENCE: 'web', JWT_ISSUER: 'i' },
    /^JWT_LOGOUT_JWKS_URL is not set; a secret of the sessions verifies no logout tokens$/,
  ],
  [
    { JWT_LOGOUT_AUDIENCE: 'web', JWT_ISSUER: 'i', JWT_LOGOUT_JWKS_URL: 'http://op.example/jwks' },
    /^JWT_LOGOUT_JWKS_URL /,
  ],
  ...['JWT_LOGOUT_ISSUER', 'JWT_LOGOUT_JWKS_URL'].map((name): [Environment, RegExp] => [
    { [name]: 'https://op.example', JWT_LOGOUT_AUDIENCE: ' ' },
    /^JWT_LOGOUT_AUDIENCE is not set, so JWT_LOGOUT_ISSUER and JWT_LOGOUT_JWKS_URL would do nothing$/,
  ]),
  [{ JWT_SESSION_CLAIM: 'none' }, /^JWT_SESSION_CLAIM can be none for SESSIONS=adopted only$/],
  [{ JWT_SESSION_CLAIM: 'a b' }, /^JWT_SESSION_CLAIM names one claim, without spaces$/],
  [{ JWT_USER_CLAIM: 'a b' }, /^JWT_USER_CLAIM names one claim, without spaces$/],
  [{ JWT_REQUIRE: 'a =b' }, /^JWT_REQUIRE has a part without a claim before its =$/],
  [
    {
      ...instead({ JWT_JWKS_URL: 'https://x/' }),
      ...{ SESSIONS: 'adopted', JWT_SESSION_CLAIM: 'sid' },
    },
    /^JWT_ISSUER is not set; SESSIONS=adopted would let in every token that the keys at JWT_JWKS_URL/,
  ],
  [{ SESSION_MAX_AGE: '0' }, /^SESSION_MAX_AGE must not be 0; leave it out/],
  ...['-1', '1.5', '1e3', '15m', ' 60', '060', '1000000000'].map((value): [Environment, RegExp] => [
    { IDLE_TIMEOUT: value },
    /^IDLE_TIMEOUT must be a whole number of seconds from 0 to 999999999$/,
  ]),
  [{ MAX_SESSIONS: '-1' }, /^MAX_SESSIONS must be a whole number of sessions from 0 to/],
  [{ MAX_SESSIONS: '2' }, /^MAX_SESSIONS is for SESSIONS=adopted; .* maxSessions to issueSession$/],
  ...['jti', 'uti', 'none'].map((JWT_SESSION_CLAIM): [Environment, RegExp] => [
    { SESSIONS: 'adopted', MAX_SESSIONS: '2', JWT_SESSION_CLAIM },
    new RegExp(`^MAX_SESSIONS needs a JWT_SESSION_CLAIM .*; by ${JWT_SESSION_CLAIM} a refresh`),
  ]),
  ...['-1', '1.5', '1e3', '60s', ' 60', '0x10', '1000000000', '9'.repeat(400)].map(
    (SESSION_MAX_AGE): [Environment, RegExp] => [
      { SESSION_MAX_AGE },
      /^SESSION_MAX_AGE must be a whole number of seconds from 0 to 999999999$/,
    ],
  ),
])('%.80j is refused by name', (changes, message) => {
  expect(problem(changes).message).toMatch(message);
});

test.each<[Environment, object]>([
  [{ IDLE_TIMEOUT: '900' }, { idleMs: 900_000 }],
  [{ IDLE_TIMEOUT: '0' }, { idleMs: undefined }],
  [{ IDLE_TIMEOUT: '' }, { idleMs: undefined }],
  [{ MAX_SESSIONS: '0' }, { issuers: [{ adoption: undefined }] }],
  [
    { SESSIONS: 'adopted', JWT_SESSION_CLAIM: 'sid', MAX_SESSIONS: '2' },
    { issuers: [{ adoption: { maxSessions: 2 } }] },
  ],
])('reads how sessions age: %j', (variables, expected) => {
  expect(readConfiguration({ ...working, ...variables })).toMatchObject(expected);
});

test('reads who may send logout tokens, by default the issuer of the sessions', () => {
  expect(only(working).logout).toBeUndefined();
  const OWN = { JWT_JWKS_URL: 'https://i/jwks', JWT_ISSUER: 'i', JWT_LOGOUT_AUDIENCE: 'web  app' };
  const own = only({ SESSIONS_TABLE: 'sessions', ...OWN });
  const { keySource, algorithms } = own;
  const expected = { issuer: 'i', audience: ['web', 'app'], keySource, algorithms };
  expect(own.logout).toEqual(expected);
  const other = {
    ...{ JWT_LOGOUT_AUDIENCE: 'web', JWT_LOGOUT_ISSUER: 'op' },
    JWT_LOGOUT_JWKS_URL: 'https://op/jwks',
  };
  expect(only({ ...working, ...other, JWT_ISSUER: 'i' }).logout).toMatchObject({
    ...{ issuer: 'op', audience: ['web'] },
    keySource: { kind: 'jwks-url' },
  });
});

describe('SESSIONS_NOT_BEFORE', () => {
  test.each([
    ['2026-01-31T12:00:00Z', Date.UTC(2026, 0, 31, 12)],
    ['2026-01-31T12:00Z', Date.UTC(2026, 0, 31, 12)],
    ['2026-01-31T12:00:00.250Z', Date.UTC(2026, 0, 31, 12) + 250],
    ['2026-01-31T14:00:00+02:00', Date.UTC(2026, 0, 31, 12)],
    ['', undefined],
  ])('may be %j', (text, expected) => {
    expect(readConfiguration({ ...working, SESSIONS_NOT_BEFORE: text }).notBeforeMs).toBe(expected);
  });

  test.each(['yesterday', '2026-01-31', '2026-01-31T12:00:00', '1767225600', '2026-13-01T00:00Z'])(
    'is named when it is %s',
    (text) =>
      expect(problem({ SESSIONS_NOT_BEFORE: text }).message).toBe(
        'SESSIONS_NOT_BEFORE is no ISO 8601 time with a zone, such as 2026-01-31T12:00:00Z',
      ),
  );

  test('may be ahead of the clock by what clocks differ, and not further', () => {
    jest.useFakeTimers({ now: Date.UTC(2026, 0, 31, 12), doNotFake: ['nextTick'] });
    try {
      const latest = { ...working, SESSIONS_NOT_BEFORE: '2026-01-31T12:05:00.000Z' };
      expect(readConfiguration(latest).notBeforeMs).toBe(Date.UTC(2026, 0, 31, 12, 5));
      expect(problem({ SESSIONS_NOT_BEFORE: '2026-01-31T12:05:00.001Z' }).message).toContain(
        'SESSIONS_NOT_BEFORE is in the future',
      );
    } finally {
      jest.useRealTimers();
    }
  });
});

describe('SESSIONS_TABLE', () => {
  test.each(['a.b', 'A_b-1', 'x'.repeat(255), 'arn:aws:dynamodb:eu-west-1:1:table/abc'])(
    'may be %s',
    (table) =>
      expect(readConfiguration({ ...working, SESSIONS_TABLE: table }).sessionsTable).toBe(table),
  );
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

  test.each(['/service/dev/jwt-secret', 'jwt_secret.1'])(
    'may be an SSM parameter by its name: %s',
    (name) => {
      const { keySource } = only({ ...working, ...instead({ JWT_SECRET_PARAMETER: name }) });
      expect(keySource).toEqual({ kind: 'secret-parameter', name });
    },
  );

  test('is no SSM parameter whose name has a space', () =>
    expect(problem(instead({ JWT_SECRET_PARAMETER: 'a b' })).variable).toBe(
      'JWT_SECRET_PARAMETER',
    ));
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
    const { keySource } = only({ ...working, ...instead({ JWT_JWKS_URL: text }) });
    expect(keySource).toEqual({ kind: 'jwks-url', url: new URL(text) });
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
    ...['SESSIONS_TABLE', 'JWT_SECRET', 'JWT_SECRET_PARAMETER'],
    ...['JWT_PUBLIC_KEY', 'JWT_JWKS_URL', 'JWT_ALGORITHMS', 'JWT_ISSUERS', 'JWT_REQUIRE'],
    ...['JWT_USER_CLAIM', 'JWT_SESSION_CLAIM', 'SESSIONS', 'SESSION_MAX_AGE'],
  );
  let refused = 0;
  fc.assert(
    fc.property(secret, variable, fc.boolean(), (text, name, alone) => {
      let message = '';
      try {
        const others = alone && name.startsWith('JWT_') ? instead({}) : {};
        readConfiguration({ ...working, ...others, [name]: text });
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
