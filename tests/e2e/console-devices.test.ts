import { expect, test } from '@jest/globals';
import { describeConsole, ME_REFUSED } from '../support/console-use.ts';

describeConsole('the devices of the local console', (use) => {
  test('signs a new device in, with its name as text', () =>
    use(async ({ page, untilState, untilAnswer, press, row, jti, newest }) => {
      const name = `<b>Bob's TV</b>`;
      await page.getByRole('textbox', { name: 'Device' }).fill(name);
      await page.getByRole('button', { name: 'New session' }).click();
      await untilState(name, 'alive');
      expect(await row(await jti(name)).innerText()).toContain(name);
      await newest.getByText(`-d '{"device":"<b>Bob'\\''s TV</b>"}'`).waitFor();
      expect(await newest.locator('.body').innerText()).toMatch(/"token":"[\w-]{8}…"/);
      await press(name, 'Who am I');
      await untilAnswer(name, 'Who am I: 200');
    }));

  test('has its devices still after a reload, and says no more than it has seen since', () =>
    use(
      async ({ page, jti, press, untilState, untilAnswer, said }) => {
        const before = await jti('Phone');
        await press('Tablet', 'Log out');
        await untilState('Tablet', 'ended');
        await page.reload();
        await untilState('Laptop', 'alive');
        await untilState('Tablet', 'ended');
        expect(await jti('Phone')).toBe(before);
        await press('Tablet', 'Who am I');
        await untilAnswer('Tablet', 'Who am I: 401');
        expect(await said()).toBe('Tablet: 401. Its session is over.');
      },
      [ME_REFUSED],
    ));

  test('keeps 27 devices apart, which share a letter from then on', () =>
    use(async ({ page }) => {
      await page.evaluate(`{
        const [device] = JSON.parse(sessionStorage.getItem('devices'));
        sessionStorage.setItem('devices', JSON.stringify(Array(27).fill(device)));
      }`);
      await page.reload();
      await page.locator('.card').nth(26).waitFor();
      const ids: string[] = await page.evaluate(
        '[...document.querySelectorAll("h3")].map(({ id }) => id)',
      );
      expect(new Set(ids).size).toBe(27);
    }));

  test('says why a name is refused', () =>
    use(
      async ({ page }) => {
        await page.getByRole('textbox', { name: 'Device' }).fill('   ');
        await page.getByRole('button', { name: 'New session' }).click();
        await page
          .getByRole('status')
          .getByText('422. A device’s name has 1 to 40 characters.', { exact: true })
          .waitFor();
      },
      ['422 POST /console/sessions'],
    ));

  test('has them still when all are logged out: a reload brings nobody back', () =>
    use(async ({ page, jti, press, untilState }) => {
      const before = await jti('Phone');
      await press('Tablet', 'Log out everywhere');
      await untilState('Tablet', 'ended');
      await page.reload();
      for (const device of ['Laptop', 'Phone', 'Tablet']) await untilState(device, 'ended');
      expect(await jti('Phone')).toBe(before);
      expect(await page.locator('.card').count()).toBe(3);
    }));
});
