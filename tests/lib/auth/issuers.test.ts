import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { readConfiguration } from '../../../lib/auth/config.ts';
import { configurationError } from '../../support/configuration.ts';

const publicKey = generateKeyPairSync('ed25519').publicKey;
const PEM = publicKey.export({ type: 'spki', format: 'pem' }).toString();
const KEY_SET = { keys: [publicKey.export({ format: 'jwk' })] };

const one = { issuer: 'https://one.example/', publicKey: PEM };
const two = { issuer: 'https://two.example', jwksUrl: 'https://two.example/jwks' };
/** A text that no message may quote. */
const SECRET = 'kX3v9Qm2Zt7Rb5Wc8Yp1Ls6Nd4Hf0Jg';

const variables = (entries: unknown, others: object = {}) => ({
  SESSIONS_TABLE: 'sessions',
  JWT_ISSUERS: typeof entries === 'string' ? entries : JSON.stringify(entries),
  ...others,
});

function problem(entries: unknown, others: object = {}): string {
  const { message, variable, cause } = configurationError(variables(entries, others));
  expect(message.startsWith(variable)).toBe(true);
  expect(`${message} ${cause}`).not.toContain(SECRET);
  return message;
}

test('reads each issuer by its own rules, under partitions of its own', () => {
  const adopted = {
    ...two,
    ...{ audience: ['a', 'b'], require: ['token_use=access', 'scope'], userClaim: 'oid' },
    ...{ sessionClaim: 'none', sessions: 'adopted', sessionMaxAge: 60, algorithms: ['RS256'] },
  };
  const three = { issuer: 'three', publicKey: KEY_SET };
  expect(readConfiguration(variables([one, adopted, three])).issuers).toMatchObject([
    {
      ...{ issuer: one.issuer, partitionPrefix: 'https://one.example/|', audience: [] },
      ...{ userClaim: 'sub', sessionClaim: 'jti', algorithms: ['EdDSA', 'Ed25519'] },
    },
    {
      ...{ issuer: two.issuer, partitionPrefix: 'https://two.example|', audience: ['a', 'b'] },
      ...{ userClaim: 'oid', sessionClaim: 'none', algorithms: ['RS256'], maxAgeMs: 60_000 },
      adoption: { maxAgeMs: 60_000, tokenIsSession: true },
      required: ['token_use=access', 'scope'],
    },
    { issuer: 'three', keySource: { kind: 'public-keys' } },
  ]);
  expect(readConfiguration(variables([one])).issuers[0]?.adoption).toBeUndefined();
});

const NO_ARRAY = 'JWT_ISSUERS is no JSON array of issuers';
const ONE_KEY = 'the entry needs exactly one of jwksUrl, publicKey, secretParameter';
const UNKNOWN = 'the entry has an unknown member; known are issuer, jwksUrl, publicKey,';

test.each<[unknown, string]>([
  [`[{${SECRET}`, NO_ARRAY],
  [' ', NO_ARRAY],
  [one, NO_ARRAY],
  [[], NO_ARRAY],
  [[SECRET], 'JWT_ISSUERS (entry 1): the entry is no JSON object'],
  [[one, { ...two, secret: SECRET }], `JWT_ISSUERS (entry 2): ${UNKNOWN}`],
  [[{ issuer: 'x', [SECRET]: 1 }], UNKNOWN],
  [[{ issuer: 'x' }], `JWT_ISSUERS (entry 1): ${ONE_KEY}`],
  [[{ ...one, jwksUrl: two.jwksUrl }], ONE_KEY],
  [[{ publicKey: PEM }], '(entry 1): issuer must be a text without "|"'],
  [[one, two, one], '(entry 3): issuer is that of another entry'],
  [[{ issuer: 'x', secretParameter: `${SECRET} x` }], '(entry 1): secretParameter is no name'],
  [[{ ...two, jwksUrl: `http://x/${SECRET}` }], 'jwksUrl must be https:'],
  [[{ ...two, jwksUrl: `https://u:${SECRET}@x/` }], 'jwksUrl must not hold a user name or'],
])('%j is named: %s', (entries, message) => {
  expect(problem(entries)).toContain(message);
});

const TEXT = 'must be a text that is not empty; leave the member out for the default';
const LIST = 'must be a list of one or more texts without spaces; leave the member out for';

// The rules of a single issuer are in config.test.ts; here they are named by the entry's members.
test.each<[object, string]>([
  [{ issuer: ['x'] }, 'issuer must be a text without "|"'],
  [{ issuer: 'x|y' }, 'issuer must be a text without "|"'],
  [{ issuer: ' ' }, `issuer ${TEXT}`],
  [{ publicKey: SECRET }, 'publicKey '],
  [{ publicKey: [KEY_SET] }, `publicKey ${TEXT}`],
  [{ algorithms: [SECRET] }, 'algorithms (name 1 of 1) is none of HS256'],
  [{ userClaim: ['a'] }, `userClaim ${TEXT}`],
  [{ sessions: SECRET }, 'sessions must be registered or adopted'],
  [
    { sessions: 'adopted' },
    'sessionClaim is not set; sessions=adopted needs the claim that refreshed',
  ],
  [{ sessionClaim: null }, `sessionClaim ${TEXT}`],
  [{ sessionMaxAge: 1.5 }, 'sessionMaxAge must be a whole number of seconds from 0 to 999999999'],
  // What would switch a check off, or change its meaning.
  [{ audience: [] }, `audience ${LIST}`],
  [{ audience: ['a', ''] }, `audience ${LIST}`],
  [{ audience: [`a ${SECRET}`] }, `audience ${LIST}`],
  [{ audience: [1] }, `audience ${LIST}`],
  [{ audience: 1 }, `audience ${TEXT}`],
  [{ audience: '' }, `audience ${TEXT}`],
])('%j in an entry is named: %s', (changes, message) => {
  expect(problem([two, { ...one, ...changes }])).toContain(`JWT_ISSUERS (entry 2): ${message}`);
});

test.each([
  ...['JWT_SECRET', 'JWT_ISSUER', 'JWT_JWKS_URL', 'JWT_PUBLIC_KEY', 'JWT_SECRET_PARAMETER'],
  ...['JWT_ALGORITHMS', 'JWT_AUDIENCE', 'JWT_REQUIRE', 'JWT_USER_CLAIM', 'JWT_SESSION_CLAIM'],
  ...['SESSIONS', 'SESSION_MAX_AGE'],
  ...['JWT_LOGOUT_AUDIENCE', 'JWT_LOGOUT_ISSUER', 'JWT_LOGOUT_JWKS_URL'],
])('%s beside JWT_ISSUERS is named', (variable) => {
  expect(problem([one], { [variable]: SECRET })).toBe(
    `${variable} is set beside JWT_ISSUERS; set it there`,
  );
});
