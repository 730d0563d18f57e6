import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import {
  describeInBrowser,
  openBrowser,
  type TestBrowser,
  type Visit,
} from '../support/browser.ts';
import { contract } from '../support/contract.ts';
import { CLIENT } from '../support/oauth.ts';
import { useSharedStack } from '../support/shared-stack/open.ts';

const check = contract();

/**
 * Presses “Execute” of an operation, and holds the answer that the page gets to the OpenAPI document.
 *
 * @param parameters values of the operation's inputs, by their names
 */
async function execute(
  { page, base }: { readonly page: Page; readonly base: string },
  operation: string,
  parameters: Readonly<Record<string, string>> = {},
) {
  const block = page.locator(`[id$="-${operation}"].opblock`);
  const button = block.locator('.execute');
  if (!(await button.isVisible())) await block.locator('.opblock-summary-control').click();
  for (const [name, value] of Object.entries(parameters))
    await block
      .locator(`tr:is([data-param-name="${name}"], [data-property-name="${name}"])`)
      .locator('input:not([type=checkbox]), select')
      .fill(value);
  const [response] = await Promise.all([
    page.waitForResponse((each) => /\/(api\/v1\/auth\/|openapi\.json)/.test(each.url())),
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
  const shown = block.locator('.live-responses-table .response-col_status');
  await shown.filter({ hasText: `${response.status()}` }).waitFor();
  return { status: response.status(), body: body === '' ? undefined : JSON.parse(body) };
}

/** The one click, and the name of whoever is signed in by it. */
async function authorize(page: Page): Promise<string> {
  await page.getByRole('button', { name: 'Authorize with a new session' }).click();
  const said = page.getByRole('status').filter({ hasText: 'Authorized as ' });
  return (await said.innerText()).replace('Authorized as ', '');
}

describeInBrowser('the page /docs in a browser', () => {
  const { service } = useSharedStack();
  let browser: TestBrowser;
  let visit: Visit;
  let opened: { readonly page: Page; readonly base: string };

  // One visit for all tests: Swagger UI takes seconds to load.
  beforeAll(async () => {
    browser = await openBrowser();
    visit = await browser.visit(`${service.url}/docs?url=https://third-party.example/x.json`);
    await visit.page.locator('.opblock').first().waitFor();
    opened = { page: visit.page, base: service.url };
  });
  afterAll(async () => {
    await visit?.close();
    await browser?.close();
  });
  afterEach(() => expect(visit).toMatchObject({ complaints: [], foreignRequests: [] }));

  test('authorizes with one click, and then tries every endpoint', async () => {
    const { page } = visit;
    expect((await execute(opened, 'me')).status).toBe(403);
    const sub = await authorize(page);
    const { status, body: me } = await execute(opened, 'me');
    expect({ status, sub: me.sub }).toEqual({ status: 200, sub });
    const { body: list } = await execute(opened, 'listSessions', { limit: '100' });
    expect(list.sessions).toContainEqual(
      expect.objectContaining({ id: me.session.id, user_agent: 'API docs' }),
    );
    expect(await execute(opened, 'endSession', { id: 'bm8tc3VjaC1zZXNzaW9u' })).toMatchObject({
      status: 404,
    });
    expect((await execute(opened, 'openApi')).body.openapi).toMatch(/^3\.1/);
    expect(await execute(opened, 'logout')).toEqual({
      status: 200,
      body: { message: 'Successfully logged out' },
    });
    for (const operation of ['me', 'listSessions'])
      expect(await execute(opened, operation)).toEqual({
        status: 401,
        body: { detail: 'Could not validate credentials' },
      });
    await authorize(page);
    expect((await execute(opened, 'me')).status).toBe(200);
    const form = { token: 'x', client_id: CLIENT.id, client_secret: CLIENT.secret };
    for (const operation of ['introspect', 'revoke'])
      expect(await execute(opened, operation, form)).toMatchObject({ status: 200 });
    const tried = await page.locator('.opblock').count();
    expect(tried).toBe(await page.locator('.opblock.is-open').count());
    expect(visit.failures.map((each) => each.replace(/\?.*$/, ''))).toEqual([
      '403 GET /api/v1/auth/me',
      expect.stringMatching(/^404 DELETE \/api\/v1\/auth\/sessions\//),
      '401 GET /api/v1/auth/me',
      '401 GET /api/v1/auth/sessions',
    ]);
  });

  test('keeps no token beyond its own life, and takes no document from its address', async () => {
    const { page } = visit;
    await authorize(page);
    expect((await execute(opened, 'me')).status).toBe(200);
    const kept = 'JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie])';
    expect(await page.evaluate(kept)).toBe('[{},{},""]');
    await page.reload();
    await page.locator('.opblock').first().waitFor();
    expect((await execute(opened, 'me')).status).toBe(403);
  });

  test('stays within its policy whatever of it is opened', async () => {
    const { page, failures } = visit;
    const before = failures.length;
    // In the page: looking at each for whether it can be clicked would take a minute.
    const press = (selector: string) =>
      page.evaluate(`document.querySelectorAll('${selector}').forEach((each) => each.click())`);
    await press('.opblock-summary-control');
    await page.locator('.opblock.is-open').nth(4).waitFor();
    await press('.opblock .model-example .tablinks');
    await press('.models .json-schema-2020-12-expand-deep-button');
    await page.locator('.models', { hasText: 'error_id' }).waitFor();
    expect(failures).toHaveLength(before);
  });
});
