import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { accepts } from '../../local/announce.ts';
import { explain } from '../../local/explain.ts';
import { smoke } from '../../local/smoke.ts';
import { token as tokenCommand } from '../../local/token.ts';
import type { Command } from '../../support/command-line.ts';
import { readRunFile } from '../../support/run-file.ts';
import { describeInBrowser, openBrowser, type TestBrowser } from '../support/browser.ts';
import { callCommand } from '../support/commands.ts';
import { type RunningService, startService } from '../support/service.ts';

let service: RunningService;
beforeAll(async () => {
  service = await startService({
    ...{ SESSIONS: 'adopted', JWT_SESSION_CLAIM: 'jti', JWT_REQUIRE: 'token_use=access' },
    SESSION_MAX_AGE: '86400',
    ...{ AWS_PROFILE: 'nobody', AWS_SESSION_TOKEN: 'x' }, // a profile that is not logged in
    ...{ AWS_ENDPOINT_URL_DYNAMODB: '', AWS_REGION: '' },
  });
});
afterAll(() => service.stop());

const onPort = (command: Command, args: readonly string[] = [], input = '') =>
  callCommand(command, ['--port', `${service.port}`, ...args], {}, { input });
const newToken = async () => (await onPort(tokenCommand)).output.trim();
const explained = (token: string) => onPort(explain, [], token);

test('the first check of a token writes its row; explain says so before, and writes nothing', async () => {
  const token = await newToken();
  const before = await explained(token);
  expect(before).toMatchObject({ code: 0 });
  expect(before.output).toContain('no row: the first check would adopt it');
  const again = await explained(token);
  expect(again.output).toContain('no row: the first check would adopt it');
  expect(await service.me(token)).toBe(200);
  const live = await explained(token);
  expect(live.output).toMatch(/^ok +session +active\n +me +200\n +logout +200, and/m);
  expect((await service.ask('POST', 'logout', token)).status).toBe(200);
  expect(await service.me(token)).toBe(401);
  const ended = await explained(token);
  expect(ended).toMatchObject({ code: 1 });
  expect(ended.output).toMatch(/session_ended: a logout ended it at 20.*\n +me +401\n/);
});

test('the lines that the start prints have a token without a row, that opens /me', async () => {
  const token = /TOKEN=(\S+)/.exec(service.output())?.[1] ?? '';
  expect((await explained(token)).output).toContain('no row: the first check would adopt');
  expect(await service.me(token)).toBe(200);
});

test('npm run smoke passes', async () => {
  const { code, output } = await callCommand(smoke, ['--url', service.url]);
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

// Last, as it ends what the others need.
test('a start needs nothing of AWS, and Ctrl-C leaves nothing of it running', async () => {
  expect(service.environment).toMatchObject({
    AWS_ACCESS_KEY_ID: 'local',
    AWS_ENDPOINT_URL_DYNAMODB: expect.stringMatching(/^http:\/\/127\.0\.0\.1:/),
  });
  expect(service.output()).toContain(`npm run --silent token -- --port ${service.port}`);
  const store = new URL(service.environment.AWS_ENDPOINT_URL_DYNAMODB ?? '');
  const ports = [service.port, Number(store.port)];
  expect(await Promise.all(ports.map((port) => accepts('localhost', port)))).toEqual([true, true]);
  expect(await service.stop()).toBe(0);
  expect(await Promise.all(ports.map((port) => accepts('localhost', port)))).toEqual([
    false,
    false,
  ]);
  expect(readRunFile(service.port)).toBeUndefined();
});
