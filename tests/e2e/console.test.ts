import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { describe, expect, test } from '@jest/globals';
import { findSession } from '../../lib/sessions/sessions.ts';
import { barriers } from '../support/accessibility.ts';
import { consolePage } from '../support/console-page.ts';
import { describeConsole, ME_REFUSED } from '../support/console-use.ts';

describeConsole('the local console', (use) => {
  test('is where a start says, and shows three devices and the row of each', () =>
    use(async ({ page, stack: { service } }) => {
      expect(service.started).toContain(`\n  ${service.url}/ `);
      const own = await page.context().newPage();
      await own.goto(service.url);
      const { row, jti } = await consolePage(own);
      expect(await own.getByRole('link', { name: 'API docs' }).count()).toBe(1);
      for (const device of ['Laptop', 'Phone', 'Tablet'])
        expect(await row(await jti(device)).innerText()).toMatch(
          new RegExp(`alive.*${device}`, 's'),
        );
      // The store is one that others share, so the run has a user of its own.
      expect(await own.locator('.sub').first().innerText()).toMatch(/^alice-[\da-f]{8}$/);
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
        const cutoff = page.locator('#rows tr[data-state="cutoff"]');
        expect(await cutoff.locator('td code').getAttribute('title')).toBe(await jti('Laptop'));
        await press('Laptop', 'Who am I');
        await untilAnswer('Laptop', 'Who am I: 200');
        await press('Phone', 'Log out others');
        await untilAnswer('Phone', 'Log out others: 401');
      },
      ['401 POST /api/v1/auth/logout?scope=others'],
    ));

  test('logs all devices out: a reload brings nobody back, and a new session is alive', () =>
    use(
      async ({ page, press, untilAnswer, untilState, jti, row, card }) => {
        const before = await jti('Laptop');
        await press('Tablet', 'Log out everywhere');
        for (const device of ['Laptop', 'Phone', 'Tablet']) await untilState(device, 'ended');
        await untilAnswer('Tablet', 'Log out everywhere: 200');
        const cutoff = page.locator('#rows tr[data-state="cutoff"]');
        expect(await cutoff.innerText()).not.toContain('but for the chain');
        await press('Laptop', 'Who am I');
        await untilAnswer('Laptop', 'Who am I: 401');
        await page.reload();
        for (const device of ['Laptop', 'Phone', 'Tablet']) await untilState(device, 'ended');
        expect(await jti('Laptop')).toBe(before);
        expect(await page.locator('.card').count()).toBe(3);
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
      await stack.service.ask('POST', 'logout', `${token}`);
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

  describe('its devices', () => {
    test('signs a new device in, with its name as text, or says why a name is refused', () =>
      use(
        async ({ page, untilState, untilAnswer, press, row, jti, newest }) => {
          await page.getByRole('textbox', { name: 'Device' }).fill('   ');
          await page.getByRole('button', { name: 'New session' }).click();
          const refusal = '422. A device’s name has 1 to 40 characters.';
          await page.getByRole('status').getByText(refusal, { exact: true }).waitFor();
          const name = `<b>Bob's TV</b>`;
          await page.getByRole('textbox', { name: 'Device' }).fill(name);
          await page.getByRole('button', { name: 'New session' }).click();
          await untilState(name, 'alive');
          expect(await row(await jti(name)).innerText()).toContain(name);
          await newest.getByText(`-d '{"device":"<b>Bob'\\''s TV</b>"}'`).waitFor();
          expect(await newest.locator('.body').innerText()).toMatch(/"token":"[\w-]{8}…"/);
          await press(name, 'Who am I');
          await untilAnswer(name, 'Who am I: 200');
        },
        ['422 POST /console/sessions'],
      ));

    test('ends the oldest device beyond the limit of a new session, and says so', () =>
      use(async ({ page, untilState, said }) => {
        await page.getByRole('textbox', { name: 'Device' }).fill('TV');
        await page.getByRole('spinbutton', { name: 'at most' }).fill('3');
        await page.getByRole('button', { name: 'New session' }).click();
        await untilState('TV', 'alive');
        await untilState('Laptop', 'ended');
        for (const device of ['Phone', 'Tablet']) await untilState(device, 'alive');
        expect(await said()).toMatch(/The limit has logged out the oldest: .*Laptop/);
        const clocks = await page.locator('#rows .idle').allInnerTexts();
        expect(clocks.join('')).toBe(''); // without an idle time-out
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
          const wide =
            'document.documentElement.scrollWidth > document.documentElement.clientWidth';
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

    test('moves as much as its reader likes', () =>
      use(async ({ page }) => {
        for (const [reducedMotion, animation, transition] of [
          ['reduce', 'none', '0s'],
          ['no-preference', 'appear', '0.4s'],
        ] as const) {
          await page.emulateMedia({ reducedMotion });
          const style = (property: string) =>
            page.evaluate(`getComputedStyle(document.querySelector('#rows tr')).${property}`);
          expect(await style('animationName')).toBe(animation);
          expect(await style('transitionDuration')).toBe(transition);
        }
      }));
  });
});

describeConsole(
  'the local console with an idle time-out',
  (use) => {
    test('shows how long a session may go on unused, and that one was left alone for too long', () =>
      use(async ({ page, stack, row, jti, untilState }) => {
        const [phone, laptop] = [await jti('Phone'), await jti('Laptop')];
        await row(phone)
          .locator('.idle')
          .getByText(/^idle in (899|900) s$/)
          .waitFor();
        const { sub } = await page.evaluate<{ sub: string }>(
          "JSON.parse(sessionStorage.getItem('devices'))[0].session",
        );
        const session = await findSession(stack.store, { sub, jti: phone });
        const Item = { ...session, last_seen: Date.now() - 901_000 };
        await stack.store.client.send(new PutCommand({ TableName: stack.store.table, Item }));
        await untilState('Phone', 'ended');
        expect(await row(phone).locator('.state').innerText()).toBe('idle for too long');
        await row(laptop)
          .locator('.idle')
          .getByText(/^idle in \d+ s$/)
          .waitFor();
        expect(await barriers(page)).toEqual([]);
      }));
  },
  { idleMs: 900_000 },
);
