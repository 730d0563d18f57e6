import { createServer } from 'node:http';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { putConsoleInFront } from '../../local/console/console.ts';
import { type FaultProxy, startFaultProxy } from '../../support/fault-proxy.ts';
import { freePort } from '../../support/offline-service.ts';
import { describeInBrowser, openBrowser, type TestBrowser } from '../support/browser.ts';
import { consolePage } from '../support/console-page.ts';
import { type RunningService, startService } from '../support/service.ts';
import { issueTestSession, testSigner } from '../support/signing.ts';
import { openTestStore, type TestStore } from '../support/store.ts';

describeInBrowser('the local console, where not all is well', () => {
  let browser: TestBrowser;
  let store: TestStore;
  let proxy: FaultProxy;
  beforeAll(async () => {
    [browser, store] = await Promise.all([openBrowser(), openTestStore()]);
    proxy = await startFaultProxy(store.endpoint);
  }, 90_000);
  afterAll(async () => {
    await Promise.all([browser.close(), proxy.close()]);
    await store.close();
  });

  test('says that it can’t sign where the service has only a public key, and shows rows all the same', async () => {
    const port = await freePort();
    const server = createServer();
    putConsoleInFront(server, { store, signer: undefined, sub: 'alice' }, 'localhost');
    server.listen(port, 'localhost');
    await issueTestSession(store, { userAgent: 'From somewhere else' });
    const visit = await browser.visit(`http://localhost:${port}/`);
    const notice = visit.page.getByRole('alert');
    await notice.filter({ hasText: 'only a public key' }).waitFor();
    await visit.page.locator('#rows tr').filter({ hasText: 'From somewhere else' }).waitFor();
    expect(await visit.page.locator('.card').count()).toBe(0);
    expect(await visit.page.getByRole('button', { name: 'New session' }).count()).toBe(0);
    expect(visit).toMatchObject({ complaints: [], failures: [], foreignRequests: [] });
    await visit.close();
    server.closeAllConnections();
    server.close();
  });

  test('drops the devices of an earlier start, though their rows are still there', async () => {
    const port = await freePort();
    const server = createServer();
    const start = () =>
      putConsoleInFront(server, { store, signer: testSigner, sub: 'bob' }, 'localhost');
    start();
    server.listen(port, 'localhost');
    const { page, close } = await browser.visit(`http://localhost:${port}/`);
    const { jti } = await consolePage(page);
    const before = await jti('Laptop');
    start(); // in front of the first one, as another start on the same port would be
    await page.reload();
    await consolePage(page);
    expect(await jti('Laptop')).not.toBe(before);
    expect(await page.locator('.card').count()).toBe(3);
    await close();
    server.closeAllConnections();
    server.close();
  });

  describe('on a store that others share', () => {
    let service: RunningService;
    beforeAll(async () => {
      service = await startService({
        AWS_ENDPOINT_URL_DYNAMODB: proxy.endpoint,
        SESSIONS_TABLE: store.table,
      });
    }, 90_000);
    afterAll(() => service.stop());

    test('it reads and writes a user of its own, and looks at nobody else', async () => {
      await issueTestSession(store, { sub: 'alice', userAgent: 'Not yours' });
      await proxy.clear();
      const { page, close } = await browser.visit(service.url);
      await consolePage(page);
      const text = await page.locator('body').innerText();
      const requests = proxy.requests();
      await close();
      expect(text).not.toContain('Not yours');
      const [user] = /alice-[\da-f]{8}/.exec(text) ?? ['none'];
      expect(new Set(requests.map(({ operation }) => operation))).toEqual(
        new Set(['Query', 'PutItem']),
      );
      for (const { operation, body } of requests)
        expect(body).toMatchObject(
          operation === 'Query'
            ? { ExpressionAttributeValues: { ':sub': { S: user } } }
            : { Item: { sub: { S: user } } },
        );
    });

    test('it shows the error id of a 500, and claims nothing', async () => {
      const { page, close, failures } = await browser.visit(service.url);
      const { press, untilAnswer, untilState, newest, said } = await consolePage(page);
      await proxy.fault('internal-error', { operation: 'DeleteItem' });
      await press('Phone', 'Log out');
      await untilAnswer('Phone', 'Log out: 500');
      const [, id] = /X-Error-ID: ([\da-f-]{36})/.exec(await newest.innerText()) ?? [];
      expect(await said()).toContain(`error id ${id}`);
      expect(await newest.innerText()).toContain(
        `npm run find-error -- ${id} --port ${service.port}`,
      );
      expect(service.output()).toContain(`"error_id":"${id}"`);
      await untilState('Phone', 'alive');
      await proxy.clear();
      await press('Phone', 'Log out');
      await untilAnswer('Phone', 'Log out: 200');
      await untilState('Phone', 'ended');
      expect(failures).toEqual(['500 POST /api/v1/auth/logout']);
      await close();
    });

    test('a reload while the table can’t be read loses no device', async () => {
      const { page, close } = await browser.visit(service.url);
      const { jti, untilState } = await consolePage(page);
      const phone = await jti('Phone');
      await proxy.fault('access-denied', { operation: 'Query' });
      await page.reload();
      await page.getByRole('alert').filter({ hasText: 'The table can’t be read' }).waitFor();
      await proxy.clear();
      await untilState('Phone', 'alive');
      expect(await jti('Phone')).toBe(phone);
      expect(await page.locator('.card').count()).toBe(3);
      await close();
    });

    test('the first sign-ins don’t fail in silence', async () => {
      await proxy.fault('access-denied', { operation: 'PutItem' });
      const { page, close } = await browser.visit(service.url);
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

    test('it says that the table can’t be read, and goes on once it can', async () => {
      const { page, close } = await browser.visit(service.url);
      await consolePage(page);
      await proxy.fault('access-denied', { operation: 'Query' });
      const notice = page.getByRole('alert');
      await notice.filter({ hasText: 'The table can’t be read' }).waitFor();
      await proxy.clear();
      await notice.waitFor({ state: 'hidden' });
      await close();
    });
  });
});
