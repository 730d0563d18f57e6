import { ConfigurationError, type Environment } from '../shared/environment.ts';
import { isObject, parseJson } from '../shared/json.ts';

/** Members of an entry of JWT_ISSUERS, and the same settings as variables of a single issuer. */
const VARIABLES: Readonly<Record<string, string>> = {
  issuer: 'JWT_ISSUER',
  jwksUrl: 'JWT_JWKS_URL',
  publicKey: 'JWT_PUBLIC_KEY',
  secretParameter: 'JWT_SECRET_PARAMETER',
  algorithms: 'JWT_ALGORITHMS',
  audience: 'JWT_AUDIENCE',
  require: 'JWT_REQUIRE',
  userClaim: 'JWT_USER_CLAIM',
  sessionClaim: 'JWT_SESSION_CLAIM',
  sessions: 'SESSIONS',
  sessionMaxAge: 'SESSION_MAX_AGE',
  logoutAudience: 'JWT_LOGOUT_AUDIENCE',
};

/** Variables of a single issuer that no entry has. */
const SINGLE = ['JWT_SECRET', 'JWT_LOGOUT_ISSUER', 'JWT_LOGOUT_JWKS_URL'];

const KEY_SOURCES = ['jwksUrl', 'publicKey', 'secretParameter'];

/** Separates issuer and user in the partition key where several issuers are configured. */
export const ISSUER_SEPARATOR = '|';

/**
 * Reads the settings of each issuer: the entries of JWT_ISSUERS, else the single issuer of the other
 * variables.
 *
 * @param read reads the settings of one issuer from the variables of a single issuer
 * @throws ConfigurationError naming the variable, and the entry and member of JWT_ISSUERS
 */
export function readIssuers<Settings>(
  environment: Environment,
  read: (variables: Environment, partitionPrefix: string) => Settings,
): readonly Settings[] {
  if (!environment.JWT_ISSUERS) return [read(environment, '')];
  const beside = [...SINGLE, ...Object.values(VARIABLES)].find((name) => environment[name]);
  if (beside) throw new ConfigurationError(beside, 'is set beside JWT_ISSUERS; set it there');
  const entries = parseJson(environment.JWT_ISSUERS);
  if (!Array.isArray(entries) || entries.length === 0)
    throw new ConfigurationError('JWT_ISSUERS', 'is no JSON array of issuers');
  const seen = new Set<unknown>();
  return entries.map((entry: unknown, index) => {
    try {
      const variables = variablesOf(entry);
      const { JWT_ISSUER: issuer } = variables;
      if (seen.has(issuer)) throw new ConfigurationError('JWT_ISSUER', 'is that of another entry');
      seen.add(issuer);
      return read(variables, `${issuer}${ISSUER_SEPARATOR}`);
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      const problem = `(entry ${index + 1}): ${inMembers(error.message)}`;
      throw new ConfigurationError('JWT_ISSUERS', problem);
    }
  });
}

/** The entries of JWT_ISSUERS, unchecked; none for a wrong text, which {@link readIssuers} refuses. */
export function issuerEntries(text = ''): readonly Record<string, unknown>[] {
  const entries = parseJson(text);
  return Array.isArray(entries) ? entries.filter(isObject) : [];
}

/** Whether some issuer sends logout tokens; for a valid configuration. */
export function hasLogoutIssuers({ JWT_LOGOUT_AUDIENCE, JWT_ISSUERS }: Environment): boolean {
  const entries = issuerEntries(JWT_ISSUERS);
  return Boolean(JWT_LOGOUT_AUDIENCE) || entries.some((entry) => 'logoutAudience' in entry);
}

/** The variables of a single issuer for one entry. */
function variablesOf(entry: unknown): Environment {
  if (!isObject(entry)) throw new ConfigurationError('the entry', 'is no JSON object');
  const known = Object.keys(VARIABLES);
  if (!Object.keys(entry).every((name) => known.includes(name)))
    throw new ConfigurationError(
      'the entry',
      `has an unknown member; known are ${known.join(', ')}`,
    );
  if (KEY_SOURCES.filter((name) => entry[name] !== undefined).length !== 1)
    throw new ConfigurationError('the entry', `needs exactly one of ${KEY_SOURCES.join(', ')}`);
  const { issuer } = entry;
  if (typeof issuer !== 'string' || issuer === '' || issuer.includes(ISSUER_SEPARATOR))
    throw new ConfigurationError('JWT_ISSUER', `must be a text without "${ISSUER_SEPARATOR}"`);
  return Object.fromEntries(
    Object.entries(entry).map(([name, value]) => [VARIABLES[name], textOf(name, value)]),
  );
}

/** Members with lists. */
const LISTS = ['algorithms', 'audience', 'require', 'logoutAudience'];

/** The value of a variable: lists become words, and a JWKS its text. */
function textOf(name: string, value: unknown): string {
  if (name === 'publicKey' && isObject(value)) return JSON.stringify(value);
  if (name === 'sessionMaxAge' && typeof value === 'number') return String(value);
  const isList = LISTS.includes(name) && Array.isArray(value);
  const texts: unknown[] = isList ? value : [value];
  // An empty list would switch a check off, and a space would make two words of one.
  const pattern = isList ? /^\S+$/ : /\S/;
  if (texts.length > 0 && texts.every((text) => typeof text === 'string' && pattern.test(text)))
    return texts.join(' ');
  const expected = isList
    ? 'a list of one or more texts without spaces'
    : 'a text that is not empty';
  throw new ConfigurationError(
    VARIABLES[name] ?? name,
    `must be ${expected}; leave the member out for the default`,
  );
}

/** Names the members of an entry in place of the variables. */
function inMembers(message: string): string {
  return message.replaceAll(
    /\b[A-Z]+(_[A-Z]+)*\b/g,
    (word) => Object.keys(VARIABLES).find((name) => VARIABLES[name] === word) ?? word,
  );
}
