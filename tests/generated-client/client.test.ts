import { expect, test } from '@jest/globals';
import { openApiDocument } from '../../lib/openapi/document.ts';
import { useSharedStack } from '../support/shared-stack/open.ts';
import {
  type Client,
  endSession,
  logout,
  openApiVersion,
  openClient,
  sessionIds,
  whoAmI,
} from './client.ts';

const { stack, service, wire } = useSharedStack({ wired: true });

/** Answers that were received, such as `401 GET /api/v1/auth/me`; each was held to the document. */
const seen = new Set<string>();

async function send({ method, url, headers }: Request): Promise<Response> {
  const response = await service.fetch(url, { method, headers });
  const path = new URL(url).pathname.replace(/(\/sessions\/).+/, '$1{id}');
  seen.add(`${response.status} ${method} ${path}`);
  return response;
}

const clientWith = (token?: string): Client => openClient(service.url, token, send);
const ask = (method: string, path: string, token?: string) =>
  send(
    new Request(new URL(path, service.url), {
      method,
      headers: token === undefined ? {} : { Authorization: `Bearer ${token}` },
    }),
  );

async function logIn(sub: string): Promise<string> {
  return (await stack.issue({ sub: stack.user(sub) })).token;
}

test('a generated client sees sessions, ends one, ends the others, and then its own', async () => {
  const [phone, laptop, tablet] = [await logIn('erin'), await logIn('erin'), await logIn('erin')];
  const client = clientWith(laptop);
  expect(await whoAmI(client)).toMatchObject({ sub: stack.user('erin') });
  expect(await sessionIds(client, 2)).toHaveLength(3);

  const phoneId = (await whoAmI(clientWith(phone)))?.session.id ?? '';
  expect(await endSession(client, phoneId)).toBe(true);
  expect(await endSession(client, phoneId)).toBe(false);
  expect(await whoAmI(clientWith(phone))).toBeNull();

  expect(await logout(client, 'others')).toBe(200);
  expect(await whoAmI(clientWith(tablet))).toBeNull();
  expect(await sessionIds(client, 2)).toHaveLength(1);
  expect(await logout(client)).toBe(200);
  expect(await whoAmI(client)).toBeNull();
  expect(await logout(client, 'everywhere')).toBe(401);
  expect(await openApiVersion(clientWith())).toBe(openApiDocument.openapi);
});

test('a generated client is told of a failure, and by which id it is found', async () => {
  const client = clientWith(await logIn('bob'));
  await wire.fault('access-denied');
  await expect(whoAmI(client)).rejects.toThrow(/^Failed, see [\da-f-]{36}$/);
  expect(await logout(client)).toBe(500);
});

const operations = Object.entries(openApiDocument.paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, { responses }]) => ({
    path,
    method: method.toUpperCase(),
    statuses: Object.keys(responses),
  })),
);
const withToken = operations.filter(({ path }) => path.includes('/auth/'));

test.each(withToken)('$method $path refuses as documented', async ({ method, path }) => {
  const concrete = path.replace('{id}', 'c2Vzc2lvbg');
  const token = await logIn('carol');
  expect((await ask(method, concrete)).status).toBe(403);
  const scope = method === 'POST' ? '?scope=others' : '';
  expect((await ask(method, `${concrete}${scope}`, 'garbage')).status).toBe(401);
  await wire.fault('access-denied');
  expect((await ask(method, concrete, token)).status).toBe(500);
});

test.each(['POST /api/v1/auth/logout?scope=all', 'GET /api/v1/auth/sessions?limit=0'])(
  '%s is refused as documented',
  async (request) => {
    const [method = '', path = ''] = request.split(' ');
    expect((await ask(method, path, await logIn('dora'))).status).toBe(422);
  },
);

// Last, as it looks at what the others received.
test('every answer that the document has was received, but for what no request can bring about', () => {
  const documented = operations.flatMap(({ method, path, statuses }) =>
    statuses.map((status) => `${status} ${method} ${path}`),
  );
  // The gateway's throttle, and its answers for functions that did not; and a document that is a constant, with
  // nothing behind it to fail.
  const unreachable = documented.filter((each) => /^429 |^5XX |^500 GET \/openapi/.test(each));
  expect(unreachable).toHaveLength(2 * operations.length + 1);
  expect([...seen, ...unreachable].sort()).toEqual(documented.sort());
});
