import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { freePort } from '../../support/offline-service.ts';
import { describeInBrowser, findChromium, openBrowser, type TestBrowser } from './browser.ts';

test('a browser that CHROMIUM names has to be there', () => {
  expect(findChromium({ CHROMIUM: process.execPath })).toBe(process.execPath);
  expect(() => findChromium({ CHROMIUM: '/no/such/chromium' })).toThrow('/no/such/chromium');
});

test('where no browser is named, a missing one is no error', () => {
  expect(findChromium({}, ['/no/such/chromium'])).toBeUndefined();
  expect(findChromium({ CHROMIUM: '' }, ['/no/such/chromium', process.execPath])).toBe(
    process.execPath,
  );
});

describeInBrowser('a visit', () => {
  let browser: TestBrowser;
  let server: Server;
  let url: string;

  beforeAll(async () => {
    browser = await openBrowser();
    const port = await freePort();
    url = `http://localhost:${port}/`;
    server = createServer((request, response) => {
      const { pathname } = new URL(request.url ?? '', url);
      response.writeHead(pathname === '/missing' ? 404 : 200, {
        'Content-Type': 'text/html',
        'Content-Security-Policy':
          "default-src 'self'; script-src 'self' 'nonce-good'; img-src * data:",
      });
      response.end(pathname === '/bad' ? BAD_PAGE : GOOD_PAGE);
    }).listen(port, 'localhost');
  });
  afterAll(async () => {
    await browser.close();
    server.closeAllConnections();
    server.close();
  });

  const GOOD_PAGE = '<!doctype html><title>good</title><link rel="icon" href="data:,"><p>good</p>';
  const BAD_PAGE = `${GOOD_PAGE}
    <img src="http://third-party.example/pixel.png">
    <script>inline()</script>
    <script nonce="good">
      fetch('/missing').then(() => { document.title = 'done'; });
      console.error('an error');
      setTimeout(() => { throw new Error('an exception'); });
    </script>`;

  test('sees errors, exceptions, violated policies, failed requests and third parties', async () => {
    const visit = await browser.visit(`${url}bad`);
    await visit.page.waitForFunction("document.title === 'done'");
    expect(visit.failures).toEqual(['404 GET /missing']);
    expect(visit.foreignRequests).toEqual(['http://third-party.example/pixel.png']);
    for (const complaint of ['an error', 'an exception', 'Content Security Policy', 'NOT_RESOLVED'])
      expect(visit.complaints.join('\n')).toContain(complaint);
    await visit.close();
  });

  test('fails at its end where an endpoint answered the page in another way than documented', async () => {
    const visit = await browser.visit(url);
    await visit.page.evaluate("fetch('/api/v1/auth/me').then((answer) => answer.text())");
    await expect(visit.close()).rejects.toThrow('Not as documented: GET /api/v1/auth/me 200');
  });
});
