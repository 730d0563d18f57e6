import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { findSession } from '../../lib/sessions/sessions.ts';
import { SHOWN_ROWS } from '../../local/console/demo-sessions.ts';
import { type ConsoleServer, JSON_TYPE, startConsole } from '../support/console-server.ts';
import { issueTestSession, testSigner } from '../support/signing.ts';

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

describe('a new session', () => {
  test('is alive, and its token names it', async () => {
    local.demo.sub = 'alice';
    const answer = await local.signIn('  My phone ');
    expect(answer.status).toBe(201);
    const { token, session } = JSON.parse(answer.body);
    expect(token).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
    expect(session).toMatchObject({ sub: 'alice', user_agent: 'My phone' });
    expect(await findSession(local.store, session)).toEqual(session);
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
    expect(await local.signIn(device)).toMatchObject({ status });
  });

  test.each([
    ['no JSON', JSON_TYPE, '{', 400],
    ['JSON that is no object', JSON_TYPE, '[]', 422],
    ['a form', { 'Content-Type': 'text/plain' }, '{"device":"x"}', 415],
    ['a body without a type', {}, '{"device":"x"}', 415],
    ['the longest body', JSON_TYPE, `{"device":"x"}${' '.repeat(1_010)}`, 201],
    ['one that is a byte longer', JSON_TYPE, `{"device":"x"}${' '.repeat(1_011)}`, 413],
  ])('is answered clearly for %s', async (_, headers, body, status) => {
    const answer = await local.call('POST', '/console/sessions', headers, body);
    expect(answer).toMatchObject({ status });
    if (status >= 400) expect(JSON.parse(answer.body)).toEqual({ detail: expect.any(String) });
  });

  test('ends the oldest beyond a limit, and names their devices', async () => {
    local.demo.sub = 'dora';
    const signIn = async (device: string, limit?: unknown) => {
      const body = JSON.stringify({ device, limit });
      const answer = await local.call('POST', '/console/sessions', JSON_TYPE, body);
      return { status: answer.status, ended: JSON.parse(answer.body).ended };
    };
    expect(await signIn('Phone')).toEqual({ status: 201, ended: [] });
    expect(await signIn('Laptop', 2)).toEqual({ status: 201, ended: [] });
    expect(await signIn('TV', 2)).toEqual({ status: 201, ended: ['Phone'] });
    for (const limit of [0, -1, 1.5, '2', null, []])
      expect(await signIn('Watch', limit)).toMatchObject({ status: 422 });
    const { rows } = await local.rows();
    expect(rows.map((row: { user_agent: string }) => row.user_agent).sort()).toEqual([
      'Laptop',
      'TV',
    ]);
  });

  test.each([
    ['GET', '/console/sessions', 'POST'],
    ['POST', '/console/rows', 'GET, HEAD'],
    ['POST', '/', 'GET, HEAD'],
  ])('is not made by %s %s', async (method, path, allowed) => {
    const answer = await local.call(method, path);
    expect(answer).toMatchObject({ status: 405, headers: { allow: allowed } });
  });

  test('is refused where the service has only a public key, and the page can tell', async () => {
    local.demo.signer = undefined;
    expect(await local.signIn('Phone')).toMatchObject({
      status: 409,
      body: expect.stringContaining('only a public key'),
    });
    expect(await local.rows()).toMatchObject({ canSign: false });
    local.demo.signer = testSigner;
    expect(await local.rows()).toMatchObject({ canSign: true });
  });
});

describe('the rows', () => {
  const put = (item: Readonly<Record<string, unknown>>) =>
    local.store.client.send(new PutCommand({ TableName: local.store.table, Item: item }));

  test('are those of one user, with what they mean', async () => {
    local.demo.sub = 'bob';
    await issueTestSession(local.store, { sub: 'somebody-else' });
    const life = { sub: 'bob', sid: 'chain', expires_at: 4_000_000_000 };
    await put({ ...life, jti: 'ended', auth_time: 1_700_000_001_000 });
    await put({ ...life, jti: 'kept', auth_time: 1_700_000_001_000, sid: 'other-chain' });
    await put({ ...life, jti: 'alive', auth_time: 1_700_000_001_001 });
    await put({ ...life, jti: 'expired', auth_time: 1_700_000_001_001, expires_at: 5 });
    await put({ ...life, jti: 'unreadable', auth_time: 'yesterday' });
    await put({
      sub: 'bob',
      jti: '#cutoff',
      revoked_before: 1_700_000_001_000,
      except_sid: 'other-chain',
    });
    const answer = await local.rows();
    expect(answer).toMatchObject({ sub: 'bob', table: local.store.table, more: false });
    expect(
      answer.rows.map(({ jti, kind, state }: Record<string, unknown>) => [jti, kind, state]),
    ).toEqual([
      ['#cutoff', 'cutoff', undefined],
      ['alive', 'session', 'alive'],
      ['ended', 'session', 'ended'],
      ['expired', 'session', 'expired'],
      ['kept', 'session', 'alive'],
      ['unreadable', 'session', 'unreadable'],
    ]);
  });

  test('come with the idle time-out and the service’s clock, where there is one', async () => {
    local.demo.sub = 'erin';
    expect(await local.rows()).not.toHaveProperty('idleMs');
    local.demo.store = { ...local.store, idleMs: 5_000 };
    const { session } = JSON.parse((await local.signIn('Phone')).body);
    const { token: _, session: left } = await issueTestSession(local.store, { sub: 'erin' });
    await put({ ...left, last_seen: Date.now() - 6_000 });
    const { rows, idleMs, nowMs } = await local.rows();
    local.demo.store = local.store;
    expect(idleMs).toBe(5_000);
    expect(nowMs).toBeGreaterThanOrEqual(session.last_seen);
    expect(
      Object.fromEntries(rows.map(({ jti, state }: Record<string, string>) => [jti, state])),
    ).toEqual({ [session.jti]: 'alive', [left.jti]: 'idle' });
  });

  test('are as many as a page shows, which then says that there are more', async () => {
    local.demo.sub = 'carol';
    for (let count = 0; count < SHOWN_ROWS; count += 1)
      await issueTestSession(local.store, { sub: 'carol' });
    expect(await local.rows()).toMatchObject({ rows: { length: SHOWN_ROWS }, more: false });
    await issueTestSession(local.store, { sub: 'carol' });
    expect(await local.rows()).toMatchObject({ rows: { length: SHOWN_ROWS }, more: true });
  });

  test('name the start of the service that they are of, by which a page tells it from others', async () => {
    const { run } = await local.rows();
    expect((await local.rows()).run).toBe(run);
    const later = await startConsole();
    const { run: other } = await later.rows();
    await later.close();
    expect(run).toMatch(/^[\da-f-]{36}$/);
    expect(other).not.toBe(run);
  });

  test('are no blank page when the store fails, but a 500 that says why', async () => {
    local.demo.store = { ...local.store, table: 'no-such-table' };
    const answer = await local.call('GET', '/console/rows');
    local.demo.store = local.store;
    expect(answer.status).toBe(500);
    expect(JSON.parse(answer.body).detail).toContain('ResourceNotFoundException');
  });
});
