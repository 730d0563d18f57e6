/** The recipes of docs/resource-servers.md, each with its real server. */
import { createServer } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { type LoopbackPort, listenOnLoopback } from '../../support/loopback.ts';
import { forwardTo } from '../support/forward.ts';
import {
  isRequired,
  type ResourceServer,
  send,
  startApache,
  startFastApi,
  startMiddleware,
  startNginx,
} from '../support/resource-servers.ts';
import { useSharedStack } from '../support/shared-stack/open.ts';

const { stack, service } = useSharedStack();
/** Stands between a resource server and the service. */
let front: LoopbackPort;
let asked = 0;
let broken: number | undefined;

beforeAll(async () => {
  // The middleware says why it lets nobody in.
  jest.spyOn(console, 'error').mockImplementation(() => {});
  const forward = forwardTo(service.url);
  front = await listenOnLoopback(
    createServer((request, response) => {
      asked += 1;
      if (broken === undefined) forward(request, response);
      else response.writeHead(broken, { 'Content-Type': 'text/html' }).end('<html>');
    }),
  );
});
afterEach(async () => {
  broken = undefined;
  await front.open();
});
afterAll(() => front?.close());

/** nginx sees nothing of an answer but its status. */
const FAILURES = [401, 429, 500, 503];

interface Recipe {
  readonly name: string;
  readonly isHere: boolean;
  start(authUrl: string): Promise<ResourceServer>;
  /** What a client gets while nobody knows. */
  readonly down: number;
  /** What a request without a token gets. */
  readonly none?: number;
}

const recipes: readonly Recipe[] = [
  { name: 'Express', isHere: true, start: startMiddleware, down: 503 },
  { name: 'Apache', isHere: isRequired('Apache'), start: startApache, down: 401 },
  { name: 'nginx', isHere: isRequired('nginx'), start: startNginx, down: 500, none: 403 },
  { name: 'FastAPI', isHere: isRequired('FastAPI'), start: startFastApi, down: 503 },
];

for (const { name, isHere, start, down, none = 401 } of recipes)
  (isHere ? describe : describe.skip)(
    isHere
      ? name
      : `${name}: RESOURCE_SERVERS=${name.toLowerCase()} npm test, where it is installed`,
    () => {
      let server: ResourceServer;
      beforeAll(async () => {
        server = await start(front.url);
      });
      afterAll(() => server?.stop());

      const get = async (token?: string) => {
        const headers = token === undefined ? {} : { Authorization: `Bearer ${token}` };
        return (await send(server.url, { headers })).status;
      };

      test('a live token opens the page, and every request is asked about', async () => {
        const { token } = await stack.issue();
        const before = asked;
        for (const _ of [1, 2, 3]) expect(await get(token)).toBe(200);
        // nginx asks again for the index of a folder.
        expect(asked - before).toBeGreaterThanOrEqual(3);
      });

      test('a token that was logged out is refused at the next request', async () => {
        const { token } = await stack.issue();
        expect(await get(token)).toBe(200);
        await service.ask('POST', 'logout', token);
        expect(await get(token)).toBe(401);
      });

      test('nothing, garbage and another scheme are refused', async () => {
        expect(await get()).toBe(none);
        expect(await get('garbage')).toBe(401);
        const { token } = await stack.issue();
        const headers = { Authorization: `Basic ${token}` };
        const { status } = await send(server.url, { headers });
        expect([401, 403]).toContain(status);
      });

      test('a token that is bound to a key is refused', async () => {
        const { token } = await stack.issue({ claims: { cnf: { jkt: 'thumbprint' } } });
        expect([401, 403]).toContain(await get(token));
      });

      test.each(name === 'nginx' ? FAILURES : [200, 204, ...FAILURES])(
        'a live token is refused while the answer is a %d that says nothing',
        async (status) => {
          const { token } = await stack.issue();
          broken = status;
          expect([401, 500, 503]).toContain(await get(token));
        },
      );

      test('a live token is refused while nobody can be asked', async () => {
        const { token } = await stack.issue();
        await front.shut();
        expect(await get(token)).toBe(down);
        await front.open();
        expect(await get(token)).toBe(200);
      });
    },
  );
