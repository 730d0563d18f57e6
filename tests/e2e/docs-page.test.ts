import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  jest,
  test,
} from '@jest/globals';
import type { Page } from 'playwright-core';
import { openSessionStore, type SessionStore } from '../../lib/aws/dynamodb.ts';
import { issueSession } from '../../lib/login/issue.ts';
import { signerOf } from '../../local/signer.ts';
import {
  describeInBrowser,
  openBrowser,
  type TestBrowser,
  type Visit,
} from '../support/browser.ts';
import { contract } from '../support/contract.ts';
import { type MappedService, startMapping } from '../support/mapped.ts';
import { type RunningService, startService } from '../support/service.ts';

const check = contract();

/** Presses “Execute” of an operation, and holds the answer that the page gets to the OpenAPI document. */
async function execute(page: Page, base: string, operationId: string) {
  const operation = page.locator(`#operations-sessions-${operationId}`);
  const button = operation.locator('.execute');
  if (!(await button.isVisible())) await operation.locator('.opblock-summary-control').click();
  const [response] = await Promise.all([
    page.waitForResponse((each) => each.url().includes('/api/v1/auth/')),
    button.click(),
  ]);
  const body = await response.text();
  check({
    method: response.request().method(),
    path: response.url().slice(base.length).replace(/\?.*$/, ''),
    status: response.status(),
    headers: new Headers(await response.allHeaders()),
    body,
  });
  const shown = operation.locator('.live-responses-table .response-col_status');
  await shown.filter({ hasText: `${response.status()}` }).waitFor();
  return { status: response.status(), body: JSON.parse(body) };
}

async function authorize(page: Page, token: string): Promise<void> {
  await page.locator('button.authorize.unlocked').click();
  await page.locator('.auth-container input').fill(token);
  await page.locator('.auth-container button.authorize').click();
  await page.locator('.auth-container button', { hasText: 'Logout' }).waitFor();
  await page.locator('.auth-btn-wrapper .btn-done').click();
}

// Swagger UI is slow to draw where a browser has no graphics and half a core.
jest.setTimeout(120_000);

describeInBrowser('the page /docs in a browser', () => {
  let service: RunningService;
  let mapping: MappedService;
  let browser: TestBrowser;
  let store: SessionStore;
  let visit: Visit;
  const before = { ...process.env };

  beforeAll(async () => {
    service = await startService();
    mapping = await startMapping(service.url, '/auth/v1');
    browser = await openBrowser();
    Object.assign(process.env, service.environment);
    store = openSessionStore(service.environment.SESSIONS_TABLE ?? '');
  });
  afterAll(async () => {
    store?.client.destroy();
    await browser?.close();
    mapping?.close();
    await service?.stop();
    process.env = before;
  });

  async function issueToken(): Promise<string> {
    const signer = await signerOf(service.environment);
    if (!signer) throw new Error('the local run has no secret');
    return (await issueSession(store, signer, { sub: 'alice', ttlSeconds: 3_600 })).token;
  }

  describe.each([
    ['where npm start has it', () => service.url],
    ['below a base path', () => mapping.url],
  ])('%s', (_, base) => {
    beforeEach(async () => {
      visit = await browser.visit(`${base()}/docs`);
      await visit.page.locator('.opblock').first().waitFor();
    });
    afterEach(() => visit.close());

    test('shows a session end: me, logout, me again, sessions', async () => {
      const { page } = visit;
      await authorize(page, await issueToken());
      expect(await execute(page, base(), 'me')).toMatchObject({
        status: 200,
        body: { sub: 'alice' },
      });
      const listed = await execute(page, base(), 'listSessions');
      expect(listed.status).toBe(200);
      expect(await execute(page, base(), 'logout')).toEqual({
        status: 200,
        body: { message: 'Successfully logged out' },
      });
      for (const operation of ['me', 'listSessions'])
        expect(await execute(page, base(), operation)).toEqual({
          status: 401,
          body: { detail: 'Could not validate credentials' },
        });
      const { pathname } = new URL(`${base()}/api/v1/auth/`);
      expect(visit.failures).toEqual([
        `401 GET ${pathname}me`,
        expect.stringContaining('401 GET '),
      ]);
      expect(visit).toMatchObject({ complaints: [], foreignRequests: [] });
    });
  });

  describe('wherever it is', () => {
    beforeEach(async () => {
      visit = await browser.visit(`${service.url}/docs?url=https://third-party.example/x.json`);
      await visit.page.locator('.opblock').first().waitFor();
    });
    afterEach(() => visit.close());

    test('keeps no token beyond its own life, and takes no document from its address', async () => {
      const { page } = visit;
      await authorize(page, await issueToken());
      expect((await execute(page, service.url, 'me')).status).toBe(200);
      const kept = 'JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie])';
      expect(await page.evaluate(kept)).toBe('[{},{},""]');
      await page.reload();
      expect((await execute(page, service.url, 'me')).status).toBe(403);
      expect(visit).toMatchObject({ complaints: [], foreignRequests: [] });
    });

    test('stays within its policy whatever of it is opened', async () => {
      const { page } = visit;
      // In the page: looking at each for whether it can be clicked would take a minute.
      const press = (selector: string) =>
        page.evaluate(`document.querySelectorAll('${selector}').forEach((each) => each.click())`);
      await press('.opblock-summary-control');
      await page.locator('.opblock.is-open').nth(4).waitFor();
      await press('.opblock .model-example .tablinks');
      await press('.models .json-schema-2020-12-expand-deep-button');
      await page.locator('.models', { hasText: 'error_id' }).waitFor();
      expect(visit).toMatchObject({ complaints: [], failures: [], foreignRequests: [] });
    });
  });
});
