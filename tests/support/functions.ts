import { jest } from '@jest/globals';

/** The endpoints of a user's own session, as Lambda would load them for one deployment. */
export interface Functions {
  readonly logout: typeof import('../../handlers/logout.ts').handler;
  readonly me: typeof import('../../handlers/me.ts').handler;
}

const TOKEN_VARIABLES = [
  'JWT_SECRET',
  'JWT_SECRET_PARAMETER',
  'JWT_PUBLIC_KEY',
  'JWT_JWKS_URL',
  'JWT_ALGORITHMS',
  'JWT_ISSUER',
  'JWT_AUDIENCE',
  'JWT_REQUIRE',
  'JWT_USER_CLAIM',
  'JWT_SESSION_CLAIM',
  'JWT_ISSUERS',
  'SESSIONS',
  'SESSION_MAX_AGE',
];

/**
 * Loads the handlers afresh, so that they read these variables and no others about tokens. What else
 * was imported before keeps its own modules: compare classes by name.
 */
export async function loadFunctions(
  variables: Readonly<Record<string, string>>,
): Promise<Functions> {
  for (const name of TOKEN_VARIABLES) delete process.env[name];
  Object.assign(process.env, variables);
  jest.resetModules();
  const { handler: logout } = await import('../../handlers/logout.ts');
  const { handler: me } = await import('../../handlers/me.ts');
  return { logout, me };
}
