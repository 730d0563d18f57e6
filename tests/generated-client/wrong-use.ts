/** Every line here is a mistake that the generated types have to see: one that compiles is an error. */
import { type Client, type Failure, logout, type Me } from './client.ts';

export async function wrongUse(client: Client, me: Me, failure: Failure): Promise<void> {
  // @ts-expect-error no such endpoint
  await client.GET('/api/v1/auth/whoami');
  // @ts-expect-error logout is a POST
  await client.GET('/api/v1/auth/logout');
  // @ts-expect-error the path has a parameter
  await client.DELETE('/api/v1/auth/sessions/{id}');
  // @ts-expect-error no such scope
  await client.POST('/api/v1/auth/logout', { params: { query: { scope: 'all' } } });
  // @ts-expect-error the limit is a number
  await client.GET('/api/v1/auth/sessions', { params: { query: { limit: '20' } } });
  // @ts-expect-error no such parameter
  await client.GET('/api/v1/auth/sessions', { params: { query: { page: 2 } } });
  // @ts-expect-error no such scope
  await logout(client, 'all');
  // @ts-expect-error no such member: answers are exact
  me.role;
  // @ts-expect-error a claim that the token may not carry
  me.name.length;
  // @ts-expect-error a 500 may be the gateway's, which has no error id
  (await client.GET('/api/v1/auth/me')).error?.error_id;
  // @ts-expect-error the document says what the texts are
  failure.detail = 'Oops';
}
