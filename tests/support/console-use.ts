import { afterAll, beforeAll, expect } from '@jest/globals';
import type { BrowserContextOptions } from 'playwright-core';
import type { SessionLimits } from '../../lib/aws/dynamodb.ts';
import { describeInBrowser, openBrowser, type TestBrowser, type Visit } from './browser.ts';
import { type ConsoleFront, startSharedFront } from './console-front.ts';
import { type ConsolePage, consolePage } from './console-page.ts';
import { type SharedStack, useSharedStack } from './shared-stack/open.ts';

/** The console, as somebody has it open. */
export interface Use extends Visit, ConsolePage {
  readonly stack: SharedStack;
  /** Where the console is. */
  readonly url: string;
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

/**
 * A group of tests of the console, in front of the shared local run.
 *
 * @param demo the console's user, by default this file's alice; and its idle time-out, by default none
 */
export function describeConsole(
  name: string,
  tests: (use: UseConsole) => void,
  { sub, ...limits }: { readonly sub?: string } & SessionLimits = {},
): void {
  describeInBrowser(name, () => {
    const { stack } = useSharedStack();
    let front: ConsoleFront;
    let browser: TestBrowser;
    beforeAll(async () => {
      const store = { ...stack.store, ...limits };
      front = await startSharedFront(stack, { store, ...(sub === undefined ? {} : { sub }) });
      browser = await openBrowser();
    });
    afterAll(async () => {
      await browser?.close();
      front?.close();
    });

    tests(async (story, failures = [], options = {}) => {
      // Animations cost a machine without graphics most of its time.
      const visit = await browser.visit(front.url, { reducedMotion: 'reduce', ...options });
      try {
        await story({ ...visit, ...(await consolePage(visit.page)), stack, url: front.url });
        expect(visit.complaints).toEqual([]);
        expect(visit.foreignRequests).toEqual([]);
        expect(visit.failures).toEqual(failures);
      } finally {
        await visit.close();
      }
    });
  });
}
