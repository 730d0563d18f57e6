import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { describeInBrowser, openBrowser, type TestBrowser } from '../support/browser.ts';
import { consolePage } from '../support/console-page.ts';
import { MAX_SCREENSHOT_BYTES, screenshot } from '../support/screenshots.ts';
import { type RunningService, startService } from '../support/service.ts';

/** What the README shows; `npm run screenshots` keeps the pictures in docs/. */
describeInBrowser('the pictures in the documents', () => {
  let service: RunningService;
  let browser: TestBrowser;
  beforeAll(async () => {
    service = await startService();
    browser = await openBrowser();
  }, 90_000);
  afterAll(() => Promise.all([service.stop(), browser.close()]));

  test('of the local console can be taken, in both colour schemes, and are small enough', async () => {
    const { page, close } = await browser.visit(service.url, {
      reducedMotion: 'reduce',
      viewport: { width: 1_280, height: 920 },
    });
    const { press, untilAnswer, untilState, row, jti, stopClock } = await consolePage(page);
    const phone = await jti('Phone');
    await stopClock(); // so that the row that vanishes can still be seen, however long this takes
    await press('Laptop', 'Who am I');
    await untilAnswer('Laptop', 'Who am I: 200');
    await press('Phone', 'Log out');
    await untilState('Phone', 'ended');
    await press('Phone', 'Who am I');
    await untilAnswer('Phone', 'Who am I: 401');
    await page.mouse.move(0, 0);
    expect(await row(phone).locator('.state').innerText()).toBe('deleted');
    for (const [name, colorScheme] of [
      ['console', 'light'],
      ['console-dark', 'dark'],
    ] as const) {
      await page.emulateMedia({ colorScheme });
      const picture = await screenshot(page, name);
      expect(picture.subarray(1, 4).toString()).toBe('PNG');
      expect(picture.length).toBeLessThan(MAX_SCREENSHOT_BYTES);
    }
    await close();
  });
});
