import { existsSync } from 'node:fs';
import { describe } from '@jest/globals';
import { type BrowserContextOptions, chromium, type Page, type Response } from 'playwright-core';
import { contract } from './contract.ts';

const ARGUMENTS = [
  '--disable-gpu',
  '--in-process-gpu', // a process fewer
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // A page that asks a third party fails its test; it must not get as far as that party.
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1',
];

/**
 * Chromium, where CHROMIUM names its path: the tests in a browser take as long as half of the others.
 *
 * @throws Error for a path that does not exist, as in .ci/run after a failed installation
 */
function findChromium(): string | undefined {
  const named = process.env.CHROMIUM || undefined;
  if (named && !existsSync(named)) throw new Error(`There is no Chromium at CHROMIUM (${named})`);
  return named;
}

/** How long a page may take over one thing, on a machine that has other work. */
const PAGE_TIMEOUT_MS = 120_000;

/** A group of tests that need a browser: where there is none they are skipped, and their name says why. */
export function describeInBrowser(name: string, tests: () => void): void {
  if (findChromium()) describe(name, tests);
  else describe.skip(`${name} (in a browser: CHROMIUM=/usr/bin/chromium npm test)`, tests);
}

/** A page in a profile of its own, and what went wrong on it. */
export interface Visit {
  readonly page: Page;
  /** Errors and warnings on the console, Content-Security-Policy violations among them, and exceptions. */
  readonly complaints: readonly string[];
  /** What was answered with 400 or above, such as `401 GET /api/v1/auth/me`; no complaint by itself. */
  readonly failures: readonly string[];
  /** Addresses asked for outside the page's own origin. */
  readonly foreignRequests: readonly string[];
  /** Throws where an endpoint gave the page an answer that is not as the OpenAPI document has it. */
  close(): Promise<void>;
}

export interface TestBrowser {
  /** Opens an address and waits until it has loaded. */
  visit(url: string, options?: BrowserContextOptions): Promise<Visit>;
  close(): Promise<void>;
}

/** Starts headless Chromium. To be called inside {@link describeInBrowser}. */
export async function openBrowser(): Promise<TestBrowser> {
  const executablePath = findChromium();
  if (!executablePath) throw new Error('No Chromium: use describeInBrowser');
  // Without its sandbox, which refuses root; it only ever sees this project's own pages.
  const browser = await chromium.launch({
    executablePath,
    args: ARGUMENTS,
    chromiumSandbox: false,
  });
  return {
    visit: async (url, options) => {
      const context = await browser.newContext(options);
      const page = await context.newPage();
      page.setDefaultTimeout(PAGE_TIMEOUT_MS);
      const observed = observe(page, new URL(url).origin);
      const checks = holdToContract(page);
      await page.goto(url);
      const close = async () => {
        const found = (await Promise.all(checks)).filter((each) => each !== null);
        await context.close();
        if (found.length > 0) throw new Error(found.join('\n'));
      };
      return { page, ...observed, close };
    },
    close: () => browser.close(),
  };
}

/** Chromium's own line about an answer that is an error, which `failures` has with its method. */
const FAILED_LOAD = /^Failed to load resource: the server responded with a status of \d+/;

function observe(page: Page, origin: string): Omit<Visit, 'page' | 'close'> {
  const complaints: string[] = [];
  const failures: string[] = [];
  const foreignRequests: string[] = [];
  page.on('console', (message) => {
    const serious = message.type() === 'error' || message.type() === 'warning';
    if (serious && !FAILED_LOAD.test(message.text())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('request', (request) => {
    const { protocol, origin: asked } = new URL(request.url());
    if (protocol !== 'data:' && asked !== origin) foreignRequests.push(request.url());
  });
  page.on('response', (response) => {
    if (response.status() < 400) return;
    const { pathname, search } = new URL(response.url());
    failures.push(`${response.status()} ${response.request().method()} ${pathname}${search}`);
  });
  return { complaints, failures, foreignRequests };
}

const check = contract();

/** Looks at what the endpoints answer the page. Each check becomes what is wrong, or null. */
function holdToContract(page: Page): readonly Promise<string | null>[] {
  const checks: Promise<string | null>[] = [];
  page.on('response', (response) => {
    // Below a base path as well.
    const [path] = /\/(api\/.*|openapi\.json)$/.exec(new URL(response.url()).pathname) ?? [];
    if (path !== undefined) checks.push(differenceOf(response, path));
  });
  return checks;
}

async function differenceOf(response: Response, path: string): Promise<string | null> {
  let body: string;
  try {
    body = await response.text();
  } catch {
    return null; // the page has gone elsewhere, and the browser has forgotten the body
  }
  try {
    const headers = new Headers(await response.allHeaders());
    check({ method: response.request().method(), path, status: response.status(), headers, body });
    return null;
  } catch (error) {
    return `${error}`; // for close() to throw, as nobody catches what a listener throws
  }
}
