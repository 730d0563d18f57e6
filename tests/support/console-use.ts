import { afterAll, beforeAll, expect } from '@jest/globals';
import type { BrowserContextOptions } from 'playwright-core';
import { describeInBrowser, openBrowser, type TestBrowser, type Visit } from './browser.ts';
import { type ConsolePage, consolePage } from './console-page.ts';
import { type RunningService, startService } from './service.ts';

/** The console, as somebody has it open. */
export interface Use extends Visit, ConsolePage {
  readonly service: RunningService;
}

/**
 * Opens the console in a profile of its own, uses it, and requires that nothing went wrong meanwhile.
 *
 * @param failures what was answered with 400 or above, as {@link Visit} has it
 */
export type UseConsole = (
  story: (use: Use) => Promise<void>,
  failures?: readonly string[],
  options?: BrowserContextOptions,
) => Promise<void>;

export const ME_REFUSED = '401 GET /api/v1/auth/me';

/** A group of tests of the console, in front of a service of its own. */
export function describeConsole(name: string, tests: (use: UseConsole) => void): void {
  describeInBrowser(name, () => {
    let service: RunningService;
    let browser: TestBrowser;
    beforeAll(async () => {
      service = await startService();
      browser = await openBrowser();
    }, 90_000);
    afterAll(() => Promise.all([service.stop(), browser.close()]));

    tests(async (story, failures = [], options = {}) => {
      const visit = await browser.visit(service.url, options);
      try {
        await story({ ...visit, ...(await consolePage(visit.page)), service });
        expect(visit.complaints).toEqual([]);
        expect(visit.foreignRequests).toEqual([]);
        expect(visit.failures).toEqual(failures);
      } finally {
        await visit.close();
      }
    });
  });
}
