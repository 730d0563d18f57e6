import { describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { type IssuerConfiguration, readConfiguration } from '../../../lib/auth/config.ts';
import { errorDetails } from '../../../lib/observability/settings.ts';
import { ConfigurationError, type Environment } from '../../../lib/shared/environment.ts';
import { configurationError } from '../../support/configuration.ts';
import { TEST_SECRET } from '../../support/signing.ts';

const working = { SESSIONS_TABLE: 'sessions', JWT_SECRET: TEST_SECRET };
const read = (changes: Environment = {}) => readConfiguration({ ...working, ...changes });

/** The one issuer of these variables. */
function only(changes: Environment): IssuerConfiguration {
  const [issuer] = read(changes).issuers;
  if (!issuer) throw new Error('There is no issuer');
  return issuer;
}

const problem = (changes: Environment) => configurationError({ ...working, ...changes });

const SOURCES = ['JWT_SECRET', 'JWT_SECRET_PARAMETER', 'JWT_PUBLIC_KEY', 'JWT_JWKS_URL'];

const adopted = (JWT_SESSION_CLAIM: string) => ({ SESSIONS: 'adopted', JWT_SESSION_CLAIM });
/** Another source of keys than the secret. */
const instead = (changes: Environment) => ({ JWT_SECRET: undefined, ...changes });
const byUrl = (JWT_JWKS_URL: string) => instead({ JWT_JWKS_URL });

test('reads the smallest configuration', () => {
  const { issuers, ...others } = read();
  expect(others).toEqual({ sessionsTable: 'sessions', authorizerClaims: [] });
  expect(issuers).toHaveLength(1);
  const { keySource, ...checks } = only({});
  expect(checks).toEqual({
    ...{ algorithms: ['HS256'], audience: [], required: [] },
    ...{ userClaim: 'sub', sessionClaim: 'jti', partitionPrefix: '' },
  });
  const secrets = keySource.kind === 'secrets' ? keySource.secrets : [];
  expect(secrets.map((secret) => secret.export().toString())).toEqual([TEST_SECRET]);
});

test('takes variables that a deployment leaves empty for not set', () => {
  const keys = { JWT_PUBLIC_KEY: '', JWT_JWKS_URL: '', JWT_SECRET_PARAMETER: '' };
  const checks = { JWT_ALGORITHMS: '', JWT_ISSUER: '', JWT_AUDIENCE: '', SESSIONS: '' };
  const ages = { IDLE_TIMEOUT: '', MAX_SESSIONS: '', SESSION_MAX_AGE: '', SESSIONS_NOT_BEFORE: '' };
  expect(read({ ...keys, ...checks, ...ages })).toEqual(read());
});

const NOON_MS = Date.UTC(2026, 0, 31, 12);

test.each<[Environment, object]>([
  [{ IDLE_TIMEOUT: '900' }, { idleMs: 900_000 }],
  [{ IDLE_TIMEOUT: '0' }, { idleMs: undefined }],
  [{ SESSIONS_NOT_BEFORE: '2026-01-31T12:00:00Z' }, { notBeforeMs: NOON_MS }],
  [{ SESSIONS_NOT_BEFORE: '2026-01-31T12:00Z' }, { notBeforeMs: NOON_MS }],
  [{ SESSIONS_NOT_BEFORE: '2026-01-31T12:00:00.250Z' }, { notBeforeMs: NOON_MS + 250 }],
  [{ SESSIONS_NOT_BEFORE: '2026-01-31T14:00:00+02:00' }, { notBeforeMs: NOON_MS }],
])('reads %j', (changes, expected) => {
  expect(read(changes)).toMatchObject(expected);
});

test.each(['a.b', 'A_b-1', 'x'.repeat(255), 'arn:aws:dynamodb:eu-west-1:1:table/abc'])(
  'reads the table %s',
  (SESSIONS_TABLE) => expect(read({ SESSIONS_TABLE }).sessionsTable).toBe(SESSIONS_TABLE),
);

const LOGOUT = { JWT_ISSUER: 'i', JWT_LOGOUT_AUDIENCE: 'web  app' };
const OP_URL = 'https://op.example/jwks';

test.each<[Environment, object]>([
  [
    { JWT_ISSUER: 'i', JWT_AUDIENCE: 'a b' },
    { issuer: 'i', audience: ['a', 'b'] },
  ],
  [{ JWT_ALGORITHMS: 'HS512, HS256' }, { algorithms: ['HS512', 'HS256'] }],
  [
    { JWT_USER_CLAIM: 'oid', JWT_REQUIRE: 'token_use=access scp' },
    { userClaim: 'oid', required: ['token_use=access', 'scp'] },
  ],
  [instead({ JWT_SECRET_PARAMETER: '/a/b-1' }), { keySource: { name: '/a/b-1' } }],
  [instead({ JWT_SECRET_PARAMETER: 'a_b.1' }), { keySource: { name: 'a_b.1' } }],
  [
    adopted('sid'),
    { sessionClaim: 'sid', adoption: { maxAgeMs: 365 * 86_400_000, tokenIsSession: false } },
  ],
  ...['jti', 'uti', 'none'].map((claim): [Environment, object] => [
    { ...adopted(claim), SESSION_MAX_AGE: '60' },
    { adoption: { maxAgeMs: 60_000, tokenIsSession: true } },
  ]),
  [{ ...adopted('sid'), MAX_SESSIONS: '2' }, { adoption: { maxSessions: 2 } }],
  [{ MAX_SESSIONS: '0' }, { adoption: undefined }],
  [
    { SESSIONS: 'registered', SESSION_MAX_AGE: '999999999' },
    { adoption: undefined, maxAgeMs: 999_999_999_000 },
  ],
  // By default, the issuer of the sessions sends the logout tokens.
  [
    { ...byUrl('https://i/jwks'), ...LOGOUT },
    {
      logout: {
        issuer: 'i',
        audience: ['web', 'app'],
        keySource: { url: new URL('https://i/jwks') },
      },
    },
  ],
  [
    { ...LOGOUT, JWT_LOGOUT_ISSUER: 'op', JWT_LOGOUT_JWKS_URL: OP_URL },
    { logout: { issuer: 'op', keySource: { kind: 'jwks-url' } } },
  ],
])('reads an issuer of %j', (changes, expected) => {
  expect(only(changes)).toMatchObject(expected);
});

describe('JWT_JWKS_URL', () => {
  test.each([
    'https://issuer.example/.well-known/jwks.json',
    'http://localhost:8080/jwks',
    'http://127.0.0.1/jwks',
    'http://127.1/jwks',
    'http://[::1]:1/jwks',
  ])('may be %s', (text) => {
    expect(only(byUrl(text)).keySource).toEqual({ kind: 'jwks-url', url: new URL(text) });
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
    expect(problem(byUrl(text)).message).toMatch(
      /^JWT_JWKS_URL must be https: whoever can change the key set /,
    );
  });
});

const NO_NUMBER = ['-1', '1.5', '1e3', '15m', ' 60', '060', '0x10', '1000000000', '9'.repeat(40)];
const NO_TIME = [
  'yesterday',
  '2026-01-31',
  '2026-01-31T12:00:00',
  '1767225600',
  '2026-13-01T00:00Z',
];
const NO_TABLE = ['ab', 'x'.repeat(256), 'a b', 'a/b', '[object Object]', 'ab\n'];
const NO_URL = ['', ' ', 'issuer.example/jwks', '/jwks', 'https://', 'x'];
const CREDENTIALS = ['https://user:password@issuer.example/', 'https://user@issuer.example/'];

/** Rows about one variable: texts of it, or variables that are wrong together. */
const refused = (variable: string, problem: string, wrong: readonly (string | Environment)[]) =>
  wrong.map((each): [Environment, string] => [
    typeof each === 'string' ? { [variable]: each } : each,
    `${variable} ${problem}`,
  ]);

test.each<[Environment, string]>([
  ...refused('SESSIONS_TABLE', 'is not set; it names the DynamoDB table', ['']),
  ...refused('SESSIONS_TABLE', 'is no DynamoDB table name: 3 to 255 ', NO_TABLE),
  ...refused('SESSIONS', 'must be registered or adopted', ['Adopted']),
  ...refused('SESSIONS_NOT_BEFORE', 'is no ISO 8601 time with a zone, such as 20', NO_TIME),
  ...refused('IDLE_TIMEOUT', 'must be a whole number of seconds from 0 to 999999999', NO_NUMBER),
  ...refused('SESSION_MAX_AGE', 'must be a whole number of seconds from 0 to 999999999', ['-1']),
  ...refused('SESSION_MAX_AGE', 'must not be 0; leave it out for the default', ['0']),
  ...refused('MAX_SESSIONS', 'must be a whole number of sessions from 0 to 999999999', ['-1']),
  ...refused('MAX_SESSIONS', 'is for SESSIONS=adopted; a login service gives maxSessions', ['2']),
  ...refused(
    'MAX_SESSIONS',
    'needs a JWT_SESSION_CLAIM that refreshed tokens keep; by ',
    ['jti', 'uti', 'none'].map((claim) => ({ ...adopted(claim), MAX_SESSIONS: '2' })),
  ),
  ...refused('JWT_SESSION_CLAIM', 'can be none for SESSIONS=adopted only', ['none']),
  ...refused('JWT_SESSION_CLAIM', 'names one claim, without spaces', ['a b']),
  ...refused('JWT_SESSION_CLAIM', 'is not set; SESSIONS=adopted needs the claim', [adopted('')]),
  ...refused('JWT_USER_CLAIM', 'names one claim, without spaces', ['a b']),
  ...refused('JWT_REQUIRE', 'has a part without a claim before its =', ['a =b']),
  ...refused('JWT_ISSUER', 'is not set; SESSIONS=adopted would let in every token that the keys', [
    { ...byUrl('https://x/'), ...adopted('sid') },
  ]),
  ...refused('JWT_ALGORITHMS', 'mixes HMAC', ['HS256 RS256', 'RS256,HS512']),
  ...refused('JWT_ALGORITHMS', '(name 1 of 1) is none of HS256, ', ['none', 'ES256K', '*']),
  ...refused('JWT_ALGORITHMS', '(name 2 of 2) is none of HS256, ', ['HS256 hs512']),
  ...refused('JWT_ALGORITHMS', 'names RS256, which the configured key cannot verify; it', [
    'RS256',
  ]),
  ...refused('JWT_LOGOUT_ISSUER', 'is not set, nor is JWT_ISSUER; JWT_LOGOUT_AUDIENCE needs one', [
    { JWT_LOGOUT_AUDIENCE: 'web' },
  ]),
  ...refused('JWT_LOGOUT_JWKS_URL', 'is not set; a secret of the sessions verifies no', [LOGOUT]),
  ...refused('JWT_LOGOUT_JWKS_URL', 'must be https', [
    { ...LOGOUT, JWT_LOGOUT_JWKS_URL: 'http://op.example/jwks' },
  ]),
  ...refused('JWT_LOGOUT_AUDIENCE', 'is not set, so JWT_LOGOUT_ISSUER and JWT_LOGOUT_JWKS_URL', [
    { JWT_LOGOUT_ISSUER: 'op', JWT_LOGOUT_AUDIENCE: ' ' },
    { JWT_LOGOUT_JWKS_URL: OP_URL, JWT_LOGOUT_AUDIENCE: ' ' },
  ]),
  // Of four sources of keys, exactly one has to be there.
  ...refused('JWT_SECRET', `is not set; set exactly one of ${SOURCES.join(', ')}`, [instead({})]),
  ...SOURCES.slice(1).flatMap((source) =>
    refused(source, 'is set beside JWT_SECRET; set exactly one of ', ['x']),
  ),
  ...refused('JWT_SECRET', 'holds no secret; make one with: openssl ', ['', ' ']),
  ...refused(
    'JWT_SECRET_PARAMETER',
    'is no name of an SSM parameter',
    ['', ' ', 'a b'].map((name) => instead({ JWT_SECRET_PARAMETER: name })),
  ),
  ...refused(
    'JWT_PUBLIC_KEY',
    'is empty; it takes an SPKI PEM or a JWKS',
    ['', ' '].map((text) => instead({ JWT_PUBLIC_KEY: text })),
  ),
  ...refused('JWT_JWKS_URL', 'is no URL; it takes https://…', NO_URL.map(byUrl)),
  ...refused('JWT_JWKS_URL', 'must not hold a user name or password', CREDENTIALS.map(byUrl)),
])('of %j is refused by name', (changes, message) => {
  expect(problem(changes).message).toContain(message);
  expect(problem(changes).variable).toBe(message.split(' ')[0]);
});

test('SESSIONS_NOT_BEFORE may be ahead of the clock by what clocks differ, and not further', () => {
  jest.useFakeTimers({ now: NOON_MS, doNotFake: ['nextTick'] });
  try {
    const latest = read({ SESSIONS_NOT_BEFORE: '2026-01-31T12:05:00.000Z' });
    expect(latest.notBeforeMs).toBe(NOON_MS + 300_000);
    expect(problem({ SESSIONS_NOT_BEFORE: '2026-01-31T12:05:00.001Z' }).message).toContain(
      'SESSIONS_NOT_BEFORE is in the future',
    );
  } finally {
    jest.useRealTimers();
  }
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
        read({ ...others, [name]: text });
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
