/**
 * A client as another team would write it: types generated out of /openapi.json, and openapi-fetch. The types
 * are made by tests/repo-checks/generated-client.test.ts, which compiles this folder with them.
 */
import createClient from 'openapi-fetch';
import type { components, paths } from './contract.ts';

export type Me = components['schemas']['Me'];
export type Failure = components['schemas']['UnhandledError'];

/** What sends the requests; the tests give their own, which looks at every answer. */
type Send = (request: Request) => Promise<Response>;

/** Opens a client that sends a token, or none. */
export function openClient(baseUrl: string, token?: string, send: Send = fetch) {
  const headers = token === undefined ? {} : { Authorization: `Bearer ${token}` };
  return createClient<paths>({ baseUrl, fetch: send, headers });
}

export type Client = ReturnType<typeof openClient>;

/** Who is asking; null once the session is over. */
export async function whoAmI(client: Client): Promise<Me | null> {
  const { data, error, response } = await client.GET('/api/v1/auth/me');
  if (data) return data;
  if (response.status === 401) return null;
  // The service's own 500, known by a key that no other answer has: not the gateway's, either.
  if ('error_id' in error) throw new Error(`Failed, see ${error.error_id}`);
  throw new Error('detail' in error ? error.detail : error.message);
}

/** Ids of all the user's sessions, page by page. */
export async function sessionIds(client: Client, limit: number): Promise<readonly string[]> {
  const ids: string[] = [];
  let next: string | null = null;
  do {
    const query: { limit: number; next?: string } = next === null ? { limit } : { limit, next };
    const { data }: { data?: components['schemas']['SessionPage'] } = await client.GET(
      '/api/v1/auth/sessions',
      { params: { query } },
    );
    if (!data) throw new Error('No list');
    ids.push(...data.sessions.map(({ id }) => id));
    next = data.next;
  } while (next !== null);
  return ids;
}

/** Ends one of the user's sessions; false where there is none of that id. */
export async function endSession(client: Client, id: string): Promise<boolean> {
  const { response } = await client.DELETE('/api/v1/auth/sessions/{id}', {
    params: { path: { id } },
  });
  return response.status === 204;
}

/** Logs out, and says with what status. */
export async function logout(
  client: Client,
  scope: 'this' | 'others' | 'everywhere' = 'this',
): Promise<number> {
  const { response } = await client.POST('/api/v1/auth/logout', { params: { query: { scope } } });
  return response.status;
}

/** The version of OpenAPI that the service documents itself in. */
export async function openApiVersion(client: Client): Promise<string | undefined> {
  const { data } = await client.GET('/openapi.json');
  return data?.openapi;
}
