/** The browser app of docs/clients.md in a tab that is closed in the middle of its logout. */
import { createServer } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { listenOnLoopback } from '../../support/loopback.ts';
import { describeInBrowser, openBrowser, type TestBrowser } from '../support/browser.ts';
import { browserApp } from '../support/browser-page.ts';
import { useSharedStack } from '../support/shared-stack/open.ts';
import { type SlowWire, startSlowWire } from '../support/slow-wire.ts';

describeInBrowser('a tab that is closed after the click', () => {
  const { stack, service } = useSharedStack();
  let browser: TestBrowser;
  let wire: SlowWire;
  let app: { readonly url: string; close(): Promise<void> };

  beforeAll(async () => {
    browser = await openBrowser();
    wire = await startSlowWire(service.url, 150);
    const { html, library, page } = browserApp(wire.url);
    const files: Readonly<Record<string, readonly [type: string, text: string]>> = {
      '/': ['text/html', html],
      '/login': ['text/html', '<title>Log in</title>'],
      '/logout.js': ['text/javascript', library],
      '/page.js': ['text/javascript', page],
    };
    app = await listenOnLoopback(
      createServer((request, response) => {
        const [type, text] = files[request.url ?? ''] ?? ['text/plain', ''];
        response.writeHead(200, { 'Content-Type': type }).end(text);
      }),
    );
  });
  afterAll(async () => {
    await browser?.close();
    await wire?.close();
    await app?.close();
  });

  /** A tab of the app with a token, in which the log-out button has been clicked. */
  async function clickedTab(token: string) {
    const visit = await browser.visit(`${app.url}/login`);
    await visit.page.evaluate((value) => localStorage.setItem('token', value), token);
    await visit.page.goto(app.url);
    expect(await service.me(token)).toBe(200);
    await visit.page.click('#logout');
    return visit;
  }

  test.each([20, 200])('the session ends, %i ms after the click', async (ms) => {
    const { token } = await stack.issue();
    const visit = await clickedTab(token);
    await pause(ms);
    await visit.page.close();
    // Nothing else ends it: this test's own timeout is the limit.
    while ((await service.me(token)) !== 401) await pause(50);
    await visit.close();
  });

  test('the next page finishes a logout whose answer no page has seen', async () => {
    const { token } = await stack.issue();
    const visit = await clickedTab(token);
    const context = visit.page.context();
    await visit.page.close();
    const next = await context.newPage();
    await next.goto(app.url);
    await next.waitForURL('**/login');
    expect(await next.evaluate(() => localStorage.length)).toBe(0);
    expect(await service.me(token)).toBe(401);
    await visit.close();
  });

  test('another tab goes to the log-in page', async () => {
    const { token } = await stack.issue();
    const visit = await browser.visit(`${app.url}/login`);
    await visit.page.evaluate((value) => localStorage.setItem('token', value), token);
    const other = await visit.page.context().newPage();
    for (const page of [visit.page, other]) await page.goto(app.url);
    await visit.page.click('#logout');
    await other.waitForURL('**/login');
    expect(await service.me(token)).toBe(401);
    await visit.close();
  });
});
