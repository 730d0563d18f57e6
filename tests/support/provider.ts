import { afterAll, beforeAll, expect } from '@jest/globals';
import type { JWTPayload } from 'jose';
import { variablesOf } from './documents.ts';
import { eventV2 } from './events.ts';
import { loadFunctions } from './functions.ts';
import { type KeyServer, startKeyServer } from './jwks-server.ts';
import { makeKeyPair, signWith } from './key-pairs.ts';
import { invoke } from './lambda.ts';
import { late } from './late.ts';
import { captureLog } from './log.ts';
import { openTestStore, type TestStore } from './store.ts';

export const PROVIDERS_PAGE = 'docs/identity-providers.md';

/** The functions of a deployment, called as API Gateway would. */
export interface Deployment {
  /** The answer of `GET /me`. */
  me(token: string): Promise<{ readonly status: number; readonly body: Record<string, unknown> }>;
  /** The status of `POST /logout`. */
  logout(token: string, scope?: 'others' | 'everywhere'): Promise<number>;
  /** The user's sessions as the list shows them to a token. */
  list(token: string): Promise<readonly Record<string, unknown>[]>;
  /** Reasons of the refusals so far. */
  refusals(): readonly unknown[];
}

/** A provider of the page: its keys at a local JWKS endpoint, and a deployment with the page's parameters. */
export interface Provider extends Deployment {
  readonly variables: Readonly<Record<string, string>>;
  readonly store: TestStore;
  /** Signs claims as the provider does. */
  sign(claims: JWTPayload): Promise<string>;
  close(): Promise<void>;
}

const USER_AGENT = 'Mozilla/5.0 (test)';

/** Loads the functions with variables about tokens, on a table. Call {@link captureLog} before. */
export async function deploy(
  variables: Readonly<Record<string, string>>,
  table: string,
  refusals: Deployment['refusals'] = () => [],
): Promise<Deployment> {
  const { me, logout } = await loadFunctions({ SESSIONS_TABLE: table, ...variables });
  const { handler: listSessions } = await import('../../handlers/list-sessions.ts');
  const get = (path: string, token: string) =>
    eventV2({ method: 'GET', path, token, headers: { 'User-Agent': USER_AGENT } });
  return {
    me: async (token) => {
      const { statusCode, body } = await invoke(me, get('/api/v1/auth/me', token));
      return { status: statusCode, body: JSON.parse(body) };
    },
    logout: async (token, scope) => {
      const event = eventV2({ token, ...(scope ? { query: { scope } } : {}) });
      return (await invoke(logout, event)).statusCode;
    },
    list: async (token) => {
      const { body } = await invoke(listSessions, get('/api/v1/auth/sessions', token));
      return JSON.parse(body).sessions;
    },
    refusals,
  };
}

/**
 * Deploys the parameters of a section of docs/identity-providers.md.
 *
 * @param header of the provider's tokens, without `alg` and `kid`
 */
async function openProvider(
  section: string,
  algorithm: string,
  header: Readonly<Record<string, unknown>> = {},
): Promise<Provider> {
  const [documented = {}] = variablesOf(PROVIDERS_PAGE, section);
  const key = await makeKeyPair(algorithm);
  const keys = await startKeyServer([{ ...key.jwk, kid: 'k1', alg: algorithm, use: 'sig' }]);
  const variables = { ...documented, JWT_JWKS_URL: localUrl(documented.JWT_JWKS_URL, keys) };
  const store = await openTestStore();
  const log = captureLog();
  const refusals = () => log.outcomes().flatMap(({ reason }) => (reason ? [reason] : []));
  return {
    ...(await deploy(variables, store.table, refusals)),
    variables,
    store,
    sign: (claims) => signWith(key, claims, { ...header, kid: 'k1' }),
    close: async () => {
      log.stop();
      await keys.close();
      await store.close();
    },
  };
}

/** Registers a provider for all tests of a file or a group; its parameters are those of `openProvider`. */
export function useProvider(...parameters: Parameters<typeof openProvider>): Provider {
  let provider: Provider;
  beforeAll(async () => {
    provider = await openProvider(...parameters);
  });
  afterAll(() => provider.close());
  return late(() => provider);
}

/** The path of a documented JWKS URL at a local server. */
export function localUrl(documented: string | undefined, { url }: KeyServer): string {
  const { protocol, pathname } = new URL(documented ?? '');
  expect(protocol).toBe('https:');
  return new URL(pathname, url).href;
}

/** Now in epoch seconds, as in a token. */
export const seconds = (): number => Math.floor(Date.now() / 1_000);

interface SignIns {
  readonly first: string;
  readonly refreshed: string;
  readonly elsewhere: string;
}

/** Logs out with the first token, and requires what becomes of the three. */
async function expectAfterLogout(
  deployment: Deployment,
  { first, refreshed, elsewhere }: SignIns,
  statuses: readonly number[],
): Promise<void> {
  expect(await statusesOf(deployment, first, elsewhere)).toEqual([200, 200]);
  expect(await deployment.logout(first)).toBe(200);
  expect(await statusesOf(deployment, first, refreshed, elsewhere)).toEqual(statuses);
}

/** Requires that a logout with one token ends its whole sign-in, and no other. */
export async function expectSignInEnds(deployment: Deployment, tokens: SignIns): Promise<void> {
  await expectAfterLogout(deployment, tokens, [401, 401, 200]);
}

/** Requires that a logout ends one token alone, and that everywhere ends those so far. */
export async function expectTokenEnds(deployment: Deployment, tokens: SignIns): Promise<void> {
  const { refreshed, elsewhere } = tokens;
  await expectAfterLogout(deployment, tokens, [401, 200, 200]);
  expect(await deployment.logout(refreshed, 'everywhere')).toBe(200);
  expect(await statusesOf(deployment, refreshed, elsewhere)).toEqual([401, 401]);
}

/** Requires that a token opens nothing, and ends nothing, for a reason. */
export async function expectRefused(
  deployment: Deployment,
  token: string,
  reason: string,
): Promise<void> {
  const before = deployment.refusals().length;
  expect((await deployment.me(token)).status).toBe(401);
  expect(await deployment.logout(token)).toBe(200);
  expect(deployment.refusals().slice(before)).toEqual([reason, reason]);
}

/** The statuses of `GET /me`. */
export async function statusesOf(
  { me }: Deployment,
  ...tokens: readonly string[]
): Promise<readonly number[]> {
  const statuses: number[] = [];
  for (const token of tokens) statuses.push((await me(token)).status);
  return statuses;
}
