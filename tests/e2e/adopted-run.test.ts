import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { describeInBrowser, openBrowser, type TestBrowser } from '../support/browser.ts';
import { runCommand } from '../support/commands.ts';
import { type RunningService, startService } from '../support/service.ts';

let service: RunningService;
beforeAll(async () => {
  service = await startService({
    ...{ SESSIONS: 'adopted', JWT_SESSION_CLAIM: 'jti', JWT_REQUIRE: 'token_use=access' },
    SESSION_MAX_AGE: '86400',
  });
});
afterAll(() => service.stop());

const npm = (command: string, input?: string) =>
  runCommand('npm', ['run', '--silent', command, '--', '--port', `${service.port}`], {}, input);
const asked = (token: string, path: string, method = 'GET') =>
  service.fetch(`/api/v1/auth/${path}`, { method, headers: { Authorization: `Bearer ${token}` } });

test('the first check of a token writes its row; explain says so before, and writes nothing', async () => {
  const token = (await npm('token')).output.trim();
  const before = await npm('explain', token);
  expect(before).toMatchObject({ code: 0 });
  expect(before.output).toContain('no row: the first check would adopt it');
  const again = await npm('explain', token);
  expect(again.output).toContain('no row: the first check would adopt it');
  expect((await asked(token, 'me')).status).toBe(200);
  const live = await npm('explain', token);
  expect(live.output).toMatch(/^ok +session +active\n +me +200\n +logout +200, and/m);
  expect((await asked(token, 'logout', 'POST')).status).toBe(200);
  expect((await asked(token, 'me')).status).toBe(401);
  const ended = await npm('explain', token);
  expect(ended).toMatchObject({ code: 1 });
  expect(ended.output).toMatch(/session_ended: a logout ended it at 20.*\n +me +401\n/);
});

test('the lines that the start prints have a token without a row, that opens /me', async () => {
  const token = /TOKEN=(\S+)/.exec(service.output())?.[1] ?? '';
  expect((await npm('explain', token)).output).toContain('no row: the first check would adopt');
  expect((await asked(token, 'me')).status).toBe(200);
});

test('npm run smoke passes', async () => {
  const { code, output } = await runCommand(process.execPath, [
    'local/smoke.ts',
    '--url',
    service.url,
  ]);
  expect(output).toContain('6 passed, 0 failed');
  expect(code).toBe(0);
});

describeInBrowser('the console of adopted sessions', () => {
  let browser: TestBrowser;
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(() => browser?.close());

  test('shows no row before the first “Who am I”, and an ended one after a logout', async () => {
    const visit = await browser.visit(service.url, { reducedMotion: 'reduce' });
    const { page } = visit;
    const card = page
      .locator('.card')
      .filter({ has: page.getByRole('heading', { name: 'Phone', exact: true }) });
    const until = (part: string, text: string) =>
      card.locator(part).filter({ hasText: text }).waitFor();
    const press = (button: string) =>
      page.getByRole('button', { name: `${button} on Phone`, exact: true }).click();
    try {
      await until('.state', 'no row yet');
      const jti = await card.locator('dd code').first().getAttribute('title');
      const row = page.locator(`#rows tr:has(th code[title="${jti}"])`);
      expect(await row.count()).toBe(0);
      await press('Who am I');
      await until('.answer', 'Who am I: 200');
      await until('.state', 'alive');
      expect(await row.locator('.state').innerText()).toBe('alive');
      await press('Log out');
      await until('.state', 'ended');
      await row.locator('.state').filter({ hasText: 'ended by a logout' }).waitFor();
      expect(await page.getByRole('status').innerText()).toContain('its row says so, and stays');
      await press('Who am I');
      await until('.answer', 'Who am I: 401');
      await press('Sign in again');
      await until('.state', 'no row yet');
      expect(await page.getByRole('status').innerText()).toContain('a token, and no row');
      expect(visit.complaints).toEqual([]);
      expect(visit.failures).toEqual(['401 GET /api/v1/auth/me']);
    } finally {
      await visit.close();
    }
  });
});
