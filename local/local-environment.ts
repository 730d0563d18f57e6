import { randomBytes } from 'node:crypto';
import { ConfigurationError } from '../lib/shared/environment.ts';

/** The functions' variables in a local run. */
export type LocalVariables = Record<string, string>;

const KEY_VARIABLES = ['JWT_SECRET', 'JWT_PUBLIC_KEY', 'JWT_JWKS_URL'];

/** Variables of the project that a local run takes over from the shell where they are set there. */
const PASSED_THROUGH = [
  ...KEY_VARIABLES,
  'JWT_ALGORITHMS',
  'JWT_ISSUER',
  'JWT_AUDIENCE',
  'JWT_REQUIRE',
  'JWT_USER_CLAIM',
  'JWT_SESSION_CLAIM',
  'JWT_ISSUERS',
  'SESSIONS',
  'SESSION_MAX_AGE',
  'SESSIONS_NOT_BEFORE',
  'IDLE_TIMEOUT',
  'MAX_SESSIONS',
  'OAUTH_CLIENTS',
  'JWT_LOGOUT_AUDIENCE',
  'JWT_LOGOUT_ISSUER',
  'JWT_LOGOUT_JWKS_URL',
  'AUTHORIZER_CLAIMS',
  'ERROR_DETAILS',
  'LOG_SALT',
];

/** Variables that name SSM parameters, and those for their values. */
const PARAMETERS = {
  JWT_SECRET_PARAMETER: 'JWT_SECRET',
  OAUTH_CLIENTS_PARAMETER: 'OAUTH_CLIENTS',
};

/**
 * Makes the variables of a local run out of the shell's, with a throw-away secret where no key is set.
 *
 * @param shell for example `process.env`; an empty variable of the SDK's counts as not set
 * @throws ConfigurationError for a key source that a local run can't have
 */
export function localVariables(shell: NodeJS.ProcessEnv): LocalVariables {
  for (const [name, instead] of Object.entries(PARAMETERS))
    if (shell[name])
      throw new ConfigurationError(
        name,
        `is of no use to a local run, which asks no SSM; set ${instead}, or nothing`,
      );
  const given = Object.fromEntries(
    PASSED_THROUGH.flatMap((name) => {
      const value = shell[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
  const ownKey = Boolean(given.JWT_ISSUERS) || KEY_VARIABLES.some((name) => name in given);
  return {
    ...(ownKey ? {} : { JWT_SECRET: randomBytes(36).toString('base64url') }),
    ...given,
    SESSIONS_TABLE: shell.SESSIONS_TABLE || 'true-logout-local-sessions',
    AWS_REGION: shell.AWS_REGION || 'us-east-1',
  };
}

/**
 * The credentials for a local store. The embedded one takes any, and must never see a developer's own;
 * neither must the run's file. A server that the shell names gets the shell's keys, where it has some.
 *
 * A profile is left aside: the SDK would prefer it to keys, and fail where it is not logged in.
 */
export function localCredentials(shell: NodeJS.ProcessEnv): LocalVariables {
  delete shell.AWS_PROFILE;
  const own = shell.AWS_ENDPOINT_URL_DYNAMODB && shell.AWS_ACCESS_KEY_ID;
  if (own) return {};
  delete shell.AWS_SESSION_TOKEN;
  return { AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' };
}
