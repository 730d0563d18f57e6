import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { describeConsole, ME_REFUSED } from '../support/console-use.ts';

const LOOK = { reducedMotion: 'reduce', viewport: { width: 1_280, height: 920 } } as const;

/** For the README, whose readers wait for the pictures. */
const MAX_SCREENSHOT_BYTES = 200_000;
/** The folder that keeps the pictures. */
const { SCREENSHOTS } = process.env;

/** What the README shows; `npm run screenshots` keeps the pictures in docs/. */
describeConsole(
  'the pictures in the documents',
  (use) => {
    test('of the local console can be taken, in both colour schemes, and are small enough', () =>
      use(
        async ({ page, press, untilAnswer, untilState, row, jti, stopClock }) => {
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
            const picture = await page.screenshot({ animations: 'disabled', caret: 'hide' });
            if (SCREENSHOTS) writeFileSync(join(SCREENSHOTS, `${name}.png`), picture);
            expect(picture.subarray(1, 4).toString()).toBe('PNG');
            expect(picture.length).toBeLessThan(MAX_SCREENSHOT_BYTES);
          }
        },
        [ME_REFUSED],
        LOOK,
      ));
  },
  { sub: 'alice' },
);
