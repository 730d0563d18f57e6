import { createServer, request as httpRequest, type Server } from 'node:http';
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { findSession } from '../../lib/sessions.ts';
import { putConsoleInFront } from '../../local/console/console.ts';
import { type Demo, SHOWN_ROWS } from '../../local/console/demo-sessions.ts';
import { freePort } from '../support/service.ts';
import { issueTestSession, testSigner } from '../support/signing.ts';
import { openTestStore, type TestStore } from '../support/store.ts';

let store: TestStore;
let server: Server;
let port: number;
/** The console's user, which each group of tests chooses. */
let demo: { -readonly [Name in keyof Demo]: Demo[Name] };

beforeAll(async () => {
  store = await openTestStore();
  demo = { store, signer: testSigner, sub: 'alice', hasDocsPage: true };
  server = createServer((request, response) => {
    response.end(`gateway: ${request.method} ${request.url}`);
  });
  putConsoleInFront(server, demo, 'localhost');
  port = await freePort();
  server.listen(port, 'localhost');
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await store.close();
});

interface Answer {
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

/** With `node:http`, as fetch sets Host and Origin by itself. */
function call(
  method: string,
  path: string,
  headers: Readonly<Record<string, string>> = {},
  body?: string,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: 'localhost', port, method, path, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () =>
        resolve({ status: response.statusCode, headers: response.headers, body: text }),
      );
    });
    request.on('error', reject).end(body);
  });
}

const JSON_TYPE = { 'Content-Type': 'application/json' };
const signIn = (device: unknown, headers: Readonly<Record<string, string>> = JSON_TYPE) =>
  call('POST', '/console/sessions', headers, JSON.stringify({ device }));
const rows = async () => JSON.parse((await call('GET', '/console/rows')).body);

describe('the page', () => {
  test('and all that it loads come from here, under a policy without exceptions', async () => {
    const page = await call('GET', '/?from=readme');
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
    const loaded = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)]
      .map(([, address = '']) => address)
      .filter((address) => address !== '/docs');
    expect(loaded).toContain('/console/main.js');
    for (const address of ['/', ...loaded]) {
      const { status, headers } = await call('GET', address);
      expect({ address, status }).toEqual({ address, status: 200 });
      expect(headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'cache-control': 'no-store',
        'cross-origin-resource-policy': 'same-origin',
      });
      expect(headers['content-security-policy']).toMatch(/^default-src 'none';/);
      expect(headers['content-security-policy']).not.toMatch(/unsafe|\*|http/);
    }
  });

  test.each(['/', '/console/rows'])('answers HEAD as GET, without the body: %s', async (path) => {
    expect(await call('HEAD', path)).toMatchObject({ status: 200, body: '' });
  });

  test('is had by a link from another site, and in no frame', async () => {
    const headers = { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'navigate' };
    const page = await call('GET', '/', headers);
    expect(page.status).toBe(200);
    expect(page.headers['content-security-policy']).toContain("frame-ancestors 'none'");
  });

  test.each(['/docs', '/api/v1/auth/me?x=/console/', '/consoles', '//', '/index.html'])(
    'leaves %s to the gateway',
    async (path) => expect((await call('GET', path)).body).toBe(`gateway: GET ${path}`),
  );

  test.each(['/console', '/console/', '/console/../plugin.ts', '/console/%2e%2e/console.ts'])(
    'has nothing else: %s',
    async (path) => {
      expect(await call('GET', path)).toMatchObject({
        status: 404,
        body: '{"detail":"The console has no such page"}',
      });
    },
  );
});

describe('nobody else', () => {
  test.each(['/', '/console/main.js', '/console/rows'])(
    'may point a name at this machine and read %s',
    async (path) => {
      const answer = await call('GET', path, { Host: `evil.example:${port}` });
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
    demo.sub = 'nobody';
    expect(await signIn('Phone', { ...JSON_TYPE, ...headers })).toMatchObject({ status: 403 });
    expect(await call('GET', '/console/rows', headers)).toMatchObject({ status: 403 });
    expect(await rows()).toMatchObject({ rows: [] });
  });

  test('may read an answer across origins, whatever the service’s own CORS says', async () => {
    for (const path of ['/', '/console/rows'])
      expect((await call('GET', path)).headers).not.toHaveProperty('access-control-allow-origin');
  });
});

describe('a new session', () => {
  test('is alive, and its token names it', async () => {
    demo.sub = 'alice';
    const answer = await signIn('  My phone ');
    expect(answer.status).toBe(201);
    const { token, session } = JSON.parse(answer.body);
    expect(token).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
    expect(session).toMatchObject({ sub: 'alice', user_agent: 'My phone' });
    expect(await findSession(store, session)).toEqual(session);
  });

  test.each([
    ['a name of 40 characters', 'x'.repeat(40), 201],
    ['one of 41', 'x'.repeat(41), 422],
    ['an empty name', '', 422],
    ['blanks', '   ', 422],
    ['several lines', 'a\nb', 422],
    ['half a character', '\ud83d', 422],
    ['markup, which the page shows as text', '<b>x</b>', 201],
    ['a number', 7, 422],
    ['no name', undefined, 422],
  ])('takes, or refuses, %s', async (_, device, status) => {
    expect(await signIn(device)).toMatchObject({ status });
  });

  test.each([
    ['no JSON', JSON_TYPE, '{', 400],
    ['JSON that is no object', JSON_TYPE, '[]', 422],
    ['a form', { 'Content-Type': 'text/plain' }, '{"device":"x"}', 415],
    ['a body without a type', {}, '{"device":"x"}', 415],
    ['the longest body', JSON_TYPE, `{"device":"x"}${' '.repeat(1_010)}`, 201],
    ['one that is a byte longer', JSON_TYPE, `{"device":"x"}${' '.repeat(1_011)}`, 413],
  ])('is answered clearly for %s', async (_, headers, body, status) => {
    const answer = await call('POST', '/console/sessions', headers, body);
    expect(answer).toMatchObject({ status });
    if (status >= 400) expect(JSON.parse(answer.body)).toEqual({ detail: expect.any(String) });
  });

  test.each([
    ['GET', '/console/sessions', 'POST'],
    ['POST', '/console/rows', 'GET, HEAD'],
    ['POST', '/', 'GET, HEAD'],
  ])('is not made by %s %s', async (method, path, allowed) => {
    const answer = await call(method, path);
    expect(answer).toMatchObject({ status: 405, headers: { allow: allowed } });
  });

  test('is refused where the service has only a public key, and the page can tell', async () => {
    demo.signer = undefined;
    expect(await signIn('Phone')).toMatchObject({
      status: 409,
      body: expect.stringContaining('only a public key'),
    });
    expect(await rows()).toMatchObject({ canSign: false });
    demo.signer = testSigner;
    expect(await rows()).toMatchObject({ canSign: true });
  });
});

describe('the rows', () => {
  const put = (item: Readonly<Record<string, unknown>>) =>
    store.client.send(new PutCommand({ TableName: store.table, Item: item }));

  test('are those of one user, with what they mean', async () => {
    demo.sub = 'bob';
    await issueTestSession(store, { sub: 'somebody-else' });
    const life = { sub: 'bob', sid: 'chain', expires_at: 4_000_000_000 };
    await put({ ...life, jti: 'ended', auth_time: 1_000 });
    await put({ ...life, jti: 'kept', auth_time: 1_000, sid: 'other-chain' });
    await put({ ...life, jti: 'alive', auth_time: 1_001 });
    await put({ ...life, jti: 'expired', auth_time: 1_001, expires_at: 5 });
    await put({ ...life, jti: 'unreadable', auth_time: 'yesterday' });
    await put({ sub: 'bob', jti: '#epoch', not_before: 1_000, keep: 'other-chain' });
    const answer = await rows();
    expect(answer).toMatchObject({ sub: 'bob', table: store.table, more: false });
    expect(
      answer.rows.map(({ jti, kind, state }: Record<string, unknown>) => [jti, kind, state]),
    ).toEqual([
      ['#epoch', 'epoch', undefined],
      ['alive', 'session', 'alive'],
      ['ended', 'session', 'ended'],
      ['expired', 'session', 'expired'],
      ['kept', 'session', 'alive'],
      ['unreadable', 'session', 'unreadable'],
    ]);
  });

  test('are as many as a page shows, which then says that there are more', async () => {
    demo.sub = 'carol';
    for (let count = 0; count < SHOWN_ROWS; count += 1)
      await issueTestSession(store, { sub: 'carol' });
    expect(await rows()).toMatchObject({ rows: { length: SHOWN_ROWS }, more: false });
    await issueTestSession(store, { sub: 'carol' });
    expect(await rows()).toMatchObject({ rows: { length: SHOWN_ROWS }, more: true });
  });

  test('are no blank page when the store fails, but a 500 that says why', async () => {
    demo.store = { ...store, table: 'no-such-table' };
    const answer = await call('GET', '/console/rows');
    demo.store = store;
    expect(answer.status).toBe(500);
    expect(JSON.parse(answer.body).detail).toContain('ResourceNotFoundException');
  });
});
