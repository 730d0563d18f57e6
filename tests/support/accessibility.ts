import axe from 'axe-core';
import type { Page } from 'playwright-core';

/**
 * Looks for barriers with axe-core: all its rules about WCAG 2.2 A and AA, and its best practices. What
 * they can't see, such as whether a page makes sense when it is heard, is for people.
 *
 * @returns a line for each element in breach of a rule
 */
export async function barriers(page: Page): Promise<unknown> {
  // Over the debugger: the page's own policy lets no such script in.
  await page.evaluate(axe.source);
  return page.evaluate(`axe.run().then(({ violations }) =>
    violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => id + ': ' + html)))`);
}
