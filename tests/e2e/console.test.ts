import { expect, test } from '@jest/globals';
import { consolePage } from '../support/console-page.ts';
import { describeConsole, ME_REFUSED } from '../support/console-use.ts';

describeConsole('the local console', (use) => {
  test('is where a start says that it is', () =>
    use(async ({ page, stack: { service } }) => {
      expect(service.started).toContain(`Open ${service.url}/ `);
      const own = await page.context().newPage();
      await own.goto(service.url);
      const { row, jti } = await consolePage(own);
      expect(await row(await jti('Laptop')).innerText()).toContain('alive');
      // The store is one that others share, so the run has a user of its own.
      expect(await own.locator('.sub').first().innerText()).toMatch(/^alice-[\da-f]{8}$/);
    }));

  test('shows three devices, and the row of each', () =>
    use(async ({ page, row, jti }) => {
      expect(await page.getByRole('link', { name: 'API docs' }).count()).toBe(1);
      for (const device of ['Laptop', 'Phone', 'Tablet'])
        expect(await row(await jti(device)).innerText()).toMatch(
          new RegExp(`alive.*${device}`, 's'),
        );
    }));

  test('asks who a device is, and shows the request and its answer', () =>
    use(async ({ press, untilAnswer, jti, newest, said }) => {
      await press('Laptop', 'Who am I');
      await untilAnswer('Laptop', 'Who am I: 200');
      expect(await newest.locator('.body').innerText()).toMatch(/^\{"sub":"alice-\w+","session":/);
      const id = Buffer.from(await jti('Laptop')).toString('base64url');
      expect(await newest.locator('.body').innerText()).toContain(`"id":"${id}"`);
      expect(await said()).toContain('alive');
    }));

  test('logs a device out: its row vanishes, and it is refused from then on', () =>
    use(
      async ({ press, untilAnswer, untilState, row, jti, newest, said, stopClock, letPass }) => {
        const phone = await jti('Phone');
        await stopClock();
        await press('Phone', 'Log out');
        await untilState('Phone', 'ended');
        expect(await row(phone).locator('.state').innerText()).toBe('deleted');
        await untilAnswer('Phone', 'Log out: 200');
        expect(await said()).toContain('its row is gone');
        await press('Phone', 'Who am I');
        await untilAnswer('Phone', 'Who am I: 401');
        expect(await newest.innerText()).toContain('{"detail":"Could not validate credentials"}');
        expect(await said()).toContain('has not expired, but its row is not there');
        await letPass(5_999);
        expect(await row(phone).count()).toBe(1);
        await letPass(1);
        expect(await row(phone).count()).toBe(0);
        for (const device of ['Laptop', 'Tablet']) await untilState(device, 'alive');
      },
      [ME_REFUSED],
    ));

  test('logs a device out before it asks who it is, however fast the two follow', () =>
    use(
      async ({ press, untilAnswer }) => {
        await press('Tablet', 'Log out');
        await press('Tablet', 'Who am I');
        await untilAnswer('Tablet', 'Who am I: 401');
      },
      [ME_REFUSED],
    ));

  test('logs the others out, and shows the one row that does it', () =>
    use(
      async ({ page, press, untilAnswer, untilState, jti }) => {
        await press('Laptop', 'Log out others');
        for (const device of ['Phone', 'Tablet']) await untilState(device, 'ended');
        await untilAnswer('Laptop', 'Log out others: 200');
        await untilState('Laptop', 'alive');
        const cutoff = page.locator('#rows tr').filter({ hasText: '#cutoff' });
        expect(await cutoff.locator('td code').getAttribute('title')).toBe(await jti('Laptop'));
        await press('Laptop', 'Who am I');
        await untilAnswer('Laptop', 'Who am I: 200');
        await press('Phone', 'Log out others');
        await untilAnswer('Phone', 'Log out others: 401');
      },
      ['401 POST /api/v1/auth/logout?scope=others'],
    ));

  test('logs all devices out, and a new session is alive all the same', () =>
    use(
      async ({ page, press, untilAnswer, untilState, jti, row, card }) => {
        const before = await jti('Laptop');
        await press('Tablet', 'Log out everywhere');
        for (const device of ['Laptop', 'Phone', 'Tablet']) await untilState(device, 'ended');
        await untilAnswer('Tablet', 'Log out everywhere: 200');
        const cutoff = page.locator('#rows tr').filter({ hasText: '#cutoff' });
        expect(await cutoff.innerText()).not.toContain('but for the chain');
        await press('Laptop', 'Who am I');
        await untilAnswer('Laptop', 'Who am I: 401');
        await press('Laptop', 'Sign in again');
        await untilState('Laptop', 'alive');
        expect(await jti('Laptop')).not.toBe(before);
        await row(await jti('Laptop')).waitFor();
        expect(await card('Laptop').getByRole('button', { name: 'Sign in' }).count()).toBe(0);
      },
      [ME_REFUSED],
    ));

  test('shows what others do to the table, without being asked', () =>
    use(async ({ page, stack, untilState, row, jti, stopClock, letPass }) => {
      await stopClock();
      const phone = await jti('Phone');
      const token = await page.evaluate("JSON.parse(sessionStorage.getItem('devices'))[1].token");
      await stack.service.fetch('/api/v1/auth/logout', {
        method: 'POST',
        headers: { Authorization: `Bearer ${token}` },
      });
      await letPass(1_000);
      await untilState('Phone', 'ended');
      expect(await row(phone).locator('.state').innerText()).toBe('deleted');
    }));

  test('copies the curl line with the whole token in it', () =>
    use(
      async ({ page, url, press, untilAnswer, newest }) => {
        const token = await page.evaluate("JSON.parse(sessionStorage.getItem('devices'))[0].token");
        await press('Laptop', 'Log out everywhere');
        await untilAnswer('Laptop', 'Log out everywhere: 200');
        await newest.getByRole('button', { name: 'Copy' }).click();
        await newest.getByText('Copied').waitFor();
        expect(await page.evaluate('navigator.clipboard.readText()')).toBe(
          `curl -i -X POST -H "Authorization: Bearer ${token}" "${url}/api/v1/auth/logout?scope=everywhere"`,
        );
        expect(await newest.innerText()).not.toContain(token);
      },
      [],
      { permissions: ['clipboard-read', 'clipboard-write'] },
    ));
});
