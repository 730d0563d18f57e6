/** The browser app and the script of docs/clients.md, against the service and a store that fails. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { openPage } from '../support/browser-page.ts';
import { commandsOf, onPort } from '../support/documents.ts';
import { documented } from '../support/service.ts';
import { useSharedStack } from '../support/shared-stack/open.ts';
import { runInOneShell } from '../support/shell-session.ts';

const { stack, service, wire } = useSharedStack({ wired: true });
/** The page's own way to the service, which a test can cut. What it gets is held to the document as well. */
// biome-ignore lint/style/noRestrictedGlobals: where the page looks for its fetch, which is held to the document here
const pageWorld = globalThis;
const nodeFetch = pageWorld.fetch;
const throughContract = documented(nodeFetch);
const pageFetch: typeof nodeFetch = (url, init) => throughContract(`${url}`, init);

beforeEach(() => {
  pageWorld.fetch = pageFetch;
});
afterEach(() => {
  pageWorld.fetch = nodeFetch;
});

async function newToken(): Promise<string> {
  return (await stack.issue()).token;
}

describe('the browser app', () => {
  test('forgets the token, and leaves the page, once the session is over', async () => {
    const token = await newToken();
    const page = await openPage(service.url, token);
    expect(await page.click()).toBe('gone');
    expect(page.storage.size).toBe(0);
    expect(await service.me(token)).toBe(401);
  });

  test('keeps the token through a 500, shows its error id, and ends the session by trying again', async () => {
    const token = await newToken();
    const page = await openPage(service.url, token);
    await wire.fault('access-denied', { times: 1 });
    expect(await page.click()).toBe('gone');
    const failure = page.said.find(({ text }) => text.includes('may still be logged in'));
    expect(failure?.token).toBe(token);
    const id = /Error id: (\S+)$/.exec(failure?.text ?? '')?.[1];
    expect(service.log().filter((line) => line.includes(`"${id}"`))).toHaveLength(1);
    expect(page.storage.size).toBe(0);
    expect(await service.me(token)).toBe(401);
  });

  test('keeps the token when it gives up, so that a later click ends the session', async () => {
    const token = await newToken();
    const page = await openPage(service.url, token);
    await wire.fault('access-denied');
    expect(await page.click()).toBe('there');
    expect(page.said.filter(({ text }) => text.includes('Error id: ')).length).toBeGreaterThan(4);
    expect(page.storage.get('token')).toBe(token);
    await wire.clear();
    expect(await service.me(token)).toBe(200);
    expect(await page.click()).toBe('gone');
    expect(await service.me(token)).toBe(401);
  });

  test('does not try again after a 403, which another attempt would get as well', async () => {
    const page = await openPage(service.url, 'of no use');
    let asked = 0;
    pageWorld.fetch = (url, init) => {
      asked += 1;
      return pageFetch(url, { ...init, headers: {} });
    };
    expect(await page.click()).toBe('there');
    expect(asked).toBe(1);
    expect(page.said.at(-1)).toEqual({
      text: 'The service could not log you out. You may still be logged in.',
      token: 'of no use',
    });
  });

  test('tries again after a 429 and a 503 of the gateway', async () => {
    const token = await newToken();
    const page = await openPage(service.url, token);
    const answers = [429, 503];
    pageWorld.fetch = async (url, init) => {
      const status = answers.shift();
      return status ? Response.json({ message: 'Try again' }, { status }) : pageFetch(url, init);
    };
    expect(await page.click()).toBe('gone');
    expect(answers).toEqual([]);
    expect(await service.me(token)).toBe(401);
  });

  test('keeps the token while there is no connection, and logs out when there is one again', async () => {
    const token = await newToken();
    const page = await openPage(service.url, token);
    pageWorld.fetch = async () => {
      throw new TypeError('Failed to fetch');
    };
    expect(await page.click()).toBe('there');
    expect(page.said.at(-1)).toEqual({
      text: 'The service did not answer. You may still be logged in.',
      token,
    });
    pageWorld.fetch = pageFetch;
    expect(await page.goOnline()).toBe('gone');
    expect(page.storage.size).toBe(0);
    expect(await service.me(token)).toBe(401);
  });

  test('does not log out because a connection came back, when nobody asked for it', async () => {
    const token = await newToken();
    const page = await openPage(service.url, token);
    page.window.dispatchEvent(new Event('online'));
    expect(page.button.disabled).toBe(false);
    expect(page.said).toEqual([]);
  });

  test('leaves alone the token of somebody who has logged in again meanwhile', async () => {
    const [token, newer] = await Promise.all([newToken(), newToken()]);
    const page = await openPage(service.url, token);
    await wire.fault('access-denied', { times: 1 });
    await page.logout({ onFailure: () => page.storage.set('token', newer) });
    expect(page.storage.get('token')).toBe(newer);
    expect([await service.me(token), await service.me(newer)]).toEqual([401, 200]);
  });
});

test('the script’s curl line shows the error id of a 500, and ends the session by trying again', async () => {
  const [line] = commandsOf('docs/clients.md').filter(({ command }) => command.includes('--retry'));
  const token = await newToken();
  await wire.fault('access-denied', { times: 1 });
  const [result] = await runInOneShell([onPort(line?.command ?? '', service.port)], {
    TOKEN: token,
  });
  expect(result).toMatchObject({ code: 0, status: 200 });
  const id = /x-error-id: (\S+)/i.exec(result?.output ?? '')?.[1];
  expect(service.log().filter((each) => each.includes(`"${id}"`))).toHaveLength(1);
  expect(await service.me(token)).toBe(401);
});
