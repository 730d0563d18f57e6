import { expect, test } from '@jest/globals';
import { barriers } from '../support/accessibility.ts';
import { describeConsole, ME_REFUSED } from '../support/console-use.ts';

describeConsole('the local console, however it is used,', (use) => {
  test('is used by keyboard alone, and the focus stays where it is', () =>
    use(
      async ({ page, untilState, untilAnswer }) => {
        const focused = async () =>
          (await page.locator(':focus').innerText()).replaceAll(/\s+/g, ' ');
        await page.getByRole('textbox', { name: 'Device' }).focus();
        await page.keyboard.press('ControlOrMeta+A');
        await page.keyboard.type('Watch');
        await page.keyboard.press('Enter');
        await untilState('Watch', 'alive');
        await page.keyboard.press('Tab');
        expect(await focused()).toBe('New session');
        await page.keyboard.press('Tab');
        expect(await focused()).toBe('Who am I on Laptop');
        await page.keyboard.press('Tab');
        await page.keyboard.press('Enter');
        await untilAnswer('Laptop', 'Log out: 200');
        expect(await focused()).toBe('Log out on Laptop');
        await page.keyboard.press('Shift+Tab');
        await page.keyboard.press('Space');
        await untilAnswer('Laptop', 'Who am I: 401');
        for (const button of ['Log out', 'Log out others', 'Log out everywhere', 'Sign in again']) {
          await page.keyboard.press('Tab');
          expect(await focused()).toBe(`${button} on Laptop`);
        }
        await page.keyboard.press('Enter');
        await untilState('Laptop', 'alive');
        expect(await focused()).toBe('Who am I on Laptop');
        const outline = await page.evaluate(
          'getComputedStyle(document.activeElement).outlineStyle',
        );
        expect(outline).toBe('solid');
      },
      [ME_REFUSED],
    ));

  test.each([
    ['light', 1_280],
    ['dark', 320],
  ] as const)('has no barrier that axe knows of: %s, %i pixels wide', (colorScheme, width) =>
    use(
      async ({ page, press, untilAnswer }) => {
        expect(await barriers(page)).toEqual([]);
        await press('Laptop', 'Log out others');
        await untilAnswer('Laptop', 'Log out others: 200');
        await press('Phone', 'Who am I');
        await untilAnswer('Phone', 'Who am I: 401');
        expect(await barriers(page)).toEqual([]);
        const wide = 'document.documentElement.scrollWidth > document.documentElement.clientWidth';
        expect(await page.evaluate(wide)).toBe(false);
        const visible = await page.locator('.scroll').boundingBox();
        const state = await page
          .locator('#rows tr[data-state="alive"] .state')
          .first()
          .boundingBox();
        const end = (box: typeof state) => (box ? box.x + box.width : Number.NaN);
        expect(end(state)).toBeLessThanOrEqual(end(visible)); // without scrolling
      },
      [ME_REFUSED],
      { colorScheme, reducedMotion: 'reduce', viewport: { width, height: 900 } },
    ),
  );

  test.each([
    ['reduce', 'none', '0s'],
    ['no-preference', 'appear', '0.4s'],
  ] as const)('moves as much as its reader likes: %s', (reducedMotion, animation, transition) =>
    use(
      async ({ page }) => {
        const style = (property: string) =>
          page.evaluate(`getComputedStyle(document.querySelector('#rows tr')).${property}`);
        expect(await style('animationName')).toBe(animation);
        expect(await style('transitionDuration')).toBe(transition);
      },
      [],
      { reducedMotion },
    ),
  );
});
