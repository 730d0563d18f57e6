import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { describeInBrowser, openBrowser, type TestBrowser } from '../support/browser.ts';
import { type ConsoleFront, startSharedFront } from '../support/console-front.ts';
import { consolePage } from '../support/console-page.ts';
import { useSharedStack } from '../support/shared-stack/open.ts';

describeInBrowser('the local console, where not all is well', () => {
  const { stack, wire: proxy } = useSharedStack({ wired: true });
  let browser: TestBrowser;
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(() => browser?.close());

  test('says that it can’t sign where the service has only a public key, and shows rows all the same', async () => {
    const front = await startSharedFront(stack, { signer: undefined });
    await stack.issue({ userAgent: 'From somewhere else' });
    const visit = await browser.visit(front.url);
    const notice = visit.page.getByRole('alert');
    await notice.filter({ hasText: 'only a public key' }).waitFor();
    await visit.page.locator('#rows tr').filter({ hasText: 'From somewhere else' }).waitFor();
    expect(await visit.page.locator('.card').count()).toBe(0);
    expect(await visit.page.getByRole('button', { name: 'New session' }).count()).toBe(0);
    expect(visit).toMatchObject({ complaints: [], failures: [], foreignRequests: [] });
    await visit.close();
    front.close();
  });

  test('drops the devices of an earlier start, though their rows are still there', async () => {
    const front = await startSharedFront(stack, { sub: stack.user('bob') });
    const { page, close } = await browser.visit(front.url);
    const { jti } = await consolePage(page);
    const before = await jti('Laptop');
    front.startAgain();
    await page.reload();
    await consolePage(page);
    expect(await jti('Laptop')).not.toBe(before);
    expect(await page.locator('.card').count()).toBe(3);
    await close();
    front.close();
  });

  describe('on a store that others share', () => {
    let front: ConsoleFront;
    let sub: string;
    beforeAll(async () => {
      sub = stack.user('carol');
      front = await startSharedFront(stack, { store: await stack.openWired(), sub });
    });
    afterAll(() => front.close());

    test('it reads and writes a user of its own, and looks at nobody else', async () => {
      await stack.issue({ userAgent: 'Not yours' });
      await proxy.clear();
      const { page, close } = await browser.visit(front.url);
      await consolePage(page);
      const text = await page.locator('body').innerText();
      const requests = proxy.requests();
      await close();
      expect(text).not.toContain('Not yours');
      expect(new Set(requests.map(({ operation }) => operation))).toEqual(
        new Set(['BatchGetItem', 'Query', 'PutItem']),
      );
      const users = requests.flatMap(({ body }) =>
        [...JSON.stringify(body).matchAll(/"(?::sub|sub)":\{"S":"([^"]*)"\}/g)].map(
          ([, user]) => user,
        ),
      );
      expect(new Set(users)).toEqual(new Set([sub]));
      expect(users.length).toBeGreaterThanOrEqual(requests.length);
    });

    test('it shows the error id of a 500, and claims nothing', async () => {
      const { page, close, failures } = await browser.visit(front.url);
      const { press, untilAnswer, untilState, newest, said } = await consolePage(page);
      await proxy.fault('internal-error', { operation: 'DeleteItem' });
      await press('Phone', 'Log out');
      await untilAnswer('Phone', 'Log out: 500');
      const [, id] = /X-Error-ID: ([\da-f-]{36})/.exec(await newest.innerText()) ?? [];
      expect(await said()).toContain(`error id ${id}`);
      expect(await newest.innerText()).toContain(
        `npm run find-error -- ${id} --port ${front.port}`,
      );
      expect(
        stack.service.log().filter((line) => line.includes(`"error_id":"${id}"`)),
      ).toHaveLength(1);
      await untilState('Phone', 'alive');
      await proxy.clear();
      await press('Phone', 'Log out');
      await untilAnswer('Phone', 'Log out: 200');
      await untilState('Phone', 'ended');
      expect(failures).toEqual(['500 POST /api/v1/auth/logout']);
      await close();
    });

    test('it says that the table can’t be read, also after a reload, and loses no device', async () => {
      const { page, close } = await browser.visit(front.url);
      const { jti, untilState } = await consolePage(page);
      const phone = await jti('Phone');
      await proxy.fault('access-denied', { operation: 'Query' });
      const notice = page.getByRole('alert').filter({ hasText: 'The table can’t be read' });
      await notice.waitFor();
      await page.reload();
      await notice.waitFor();
      await proxy.clear();
      await notice.waitFor({ state: 'hidden' });
      await untilState('Phone', 'alive');
      expect(await jti('Phone')).toBe(phone);
      expect(await page.locator('.card').count()).toBe(3);
      await close();
    });

    test('the first sign-ins don’t fail in silence', async () => {
      await proxy.fault('access-denied', { operation: 'PutItem' });
      const { page, close } = await browser.visit(front.url);
      await page.getByRole('status').filter({ hasText: 'Tablet: 500' }).waitFor();
      await proxy.clear();
      expect(await page.locator('#requests li').count()).toBe(3);
      expect(await page.locator('#requests li').first().innerText()).toContain('Tablet');
      expect(await page.locator('.card').count()).toBe(0);
      await page.reload();
      const { newest } = await consolePage(page);
      await newest.filter({ hasText: 'Tablet' }).filter({ hasText: '201' }).waitFor();
      await close();
    });
  });
});
