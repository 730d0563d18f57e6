import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type ConsoleServer, JSON_TYPE, startConsole } from '../support/console-server.ts';

let local: ConsoleServer;
beforeAll(async () => {
  local = await startConsole();
});
afterAll(() => local.close());

describe('the page', () => {
  test.each([
    ['/', '/console/main.js'],
    ['/docs', '/docs/swagger-ui-bundle.js'],
  ])(
    '%s and all that it loads come from here, under a policy without exceptions',
    async (path, script) => {
      const page = await local.call('GET', `${path}?from=readme`);
      expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
      const loaded = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)]
        .map(([, address = '']) => address)
        .filter((address) => address !== '/openapi.json');
      expect(loaded).toContain(script);
      for (const address of [path, ...loaded]) {
        const { status, headers } = await local.call('GET', address);
        expect({ address, status }).toEqual({ address, status: 200 });
        expect(headers).toMatchObject({
          'x-content-type-options': 'nosniff',
          'cache-control': 'no-store',
          'cross-origin-resource-policy': 'same-origin',
          'cross-origin-opener-policy': 'same-origin',
          'referrer-policy': 'no-referrer',
        });
        expect(headers['content-security-policy']).toMatch(/^default-src 'none';/);
        expect(headers['content-security-policy']).not.toMatch(/unsafe|\*|http/);
      }
    },
  );

  test.each(['/', '/docs', '/console/rows'])(
    'answers HEAD as GET, without the body: %s',
    async (path) => {
      expect(await local.call('HEAD', path)).toMatchObject({ status: 200, body: '' });
    },
  );

  test('is had by a link from another site, and in no frame', async () => {
    const headers = { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'navigate' };
    const page = await local.call('GET', '/', headers);
    expect(page.status).toBe(200);
    expect(page.headers['content-security-policy']).toContain("frame-ancestors 'none'");
  });

  test.each(['/openapi.json', '/api/v1/auth/me?x=/console/', '/consoles', '//', '/index.html'])(
    'leaves %s to the gateway',
    async (path) => expect((await local.call('GET', path)).body).toBe(`gateway: GET ${path}`),
  );

  test.each([
    ...['/console', '/console/', '/console/../plugin.ts', '/console/%2e%2e/console.ts'],
    ...['/docs/', '/docs/package.json', '/docs/..%2F..%2Fpackage.json', '/docs/constructor'],
  ])('has nothing else: %s', async (path) => {
    expect(await local.call('GET', path)).toMatchObject({
      status: 404,
      body: '{"detail":"The console has no such page"}',
    });
  });
});

describe('nobody else', () => {
  test.each(['/', '/docs', '/docs/swagger-ui.css', '/console/main.js', '/console/rows'])(
    'may point a name at this machine and read %s',
    async (path) => {
      const answer = await local.call('GET', path, { Host: `evil.example:${local.port}` });
      expect(answer).toMatchObject({ status: 403 });
      expect(answer.body).toBe(
        '{"detail":"The console answers only under this machine’s own name"}',
      );
    },
  );

  test.each([
    ['site', { 'Sec-Fetch-Site': 'cross-site' }],
    ['origin', { Origin: 'https://evil.example' }],
    ['name', { Host: 'evil.example' }],
  ])('may ask for sessions, or see rows, from another %s', async (_, headers) => {
    local.demo.sub = 'nobody';
    expect(await local.signIn('Phone', { ...JSON_TYPE, ...headers })).toMatchObject({
      status: 403,
    });
    expect(await local.call('GET', '/console/rows', headers)).toMatchObject({ status: 403 });
    expect(await local.rows()).toMatchObject({ rows: [] });
  });

  test('may read an answer across origins, whatever the service’s own CORS says', async () => {
    for (const path of ['/', '/docs', '/console/rows'])
      expect((await local.call('GET', path)).headers).not.toHaveProperty(
        'access-control-allow-origin',
      );
  });
});
