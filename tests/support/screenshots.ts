import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page, PageScreenshotOptions } from 'playwright-core';

/** A picture that the README shows: what readers have to wait for. */
export const MAX_SCREENSHOT_BYTES = 200_000;

/**
 * Takes a picture of a page, and keeps it where SCREENSHOTS names a folder, as `npm run screenshots` does.
 *
 * @param name of the file, without its ending
 * @returns the PNG
 */
export async function screenshot(
  page: Page,
  name: string,
  options: PageScreenshotOptions = {},
): Promise<Buffer> {
  const picture = await page.screenshot({ animations: 'disabled', caret: 'hide', ...options });
  const folder = process.env.SCREENSHOTS;
  if (folder) writeFileSync(join(folder, `${name}.png`), picture);
  return picture;
}
