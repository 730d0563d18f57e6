import { jest } from '@jest/globals';

/** The endpoints of a user's own session, as Lambda would load them for one deployment. */
export interface Functions {
  readonly logout: typeof import('../../handlers/logout.ts').handler;
  readonly me: typeof import('../../handlers/me.ts').handler;
}

/** Variables about tokens and sessions, but for the table. */
const VARIABLE = /^(JWT_|OAUTH_CLIENTS|SESSION(?!S_TABLE)|MAX_SESSIONS|IDLE_TIMEOUT)/;

/**
 * Loads the handlers afresh, so that they read these variables and no others about tokens. What else
 * was imported before keeps its own modules: compare classes by name.
 */
export async function loadFunctions(
  variables: Readonly<Record<string, string>>,
): Promise<Functions> {
  for (const name of Object.keys(process.env)) if (VARIABLE.test(name)) delete process.env[name];
  Object.assign(process.env, variables);
  jest.resetModules();
  const { handler: logout } = await import('../../handlers/logout.ts');
  const { handler: me } = await import('../../handlers/me.ts');
  return { logout, me };
}
