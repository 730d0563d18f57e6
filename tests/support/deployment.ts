import { eventV2 } from './events.ts';
import { loadFunctions } from './functions.ts';
import { invoke } from './lambda.ts';

/** The functions of a deployment, called as API Gateway would. */
export interface Deployment {
  /** The answer of `GET /me`. */
  me(token: string): Promise<{ readonly status: number; readonly body: Record<string, unknown> }>;
  /** The status of `POST /logout`. */
  logout(token: string, scope?: string): Promise<number>;
}

/**
 * Loads the functions with variables about tokens, on a table.
 *
 * Call captureLog() before.
 */
export async function deploy(
  variables: Readonly<Record<string, string>>,
  table: string,
): Promise<Deployment> {
  const { me, logout } = await loadFunctions({ SESSIONS_TABLE: table, ...variables });
  return {
    me: async (token) => {
      const event = eventV2({ method: 'GET', path: '/api/v1/auth/me', token });
      const { statusCode, body } = await invoke(me, event);
      return { status: statusCode, body: JSON.parse(body) };
    },
    logout: async (token, scope) => {
      const event = eventV2({ token, ...(scope ? { query: { scope } } : {}) });
      return (await invoke(logout, event)).statusCode;
    },
  };
}

/** Now in epoch seconds, as in a token. */
export const seconds = (): number => Math.floor(Date.now() / 1_000);
