import { EventEmitter, once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { codeBlocks } from './documents.ts';

interface LogoutOptions {
  readonly attempts?: number;
  readonly onFailure?: (error: Error & { readonly errorId?: string | null }) => void;
}

/** docs/clients.md's browser app, on as much of a browser as it uses. */
export interface BrowserPage {
  /** Its logout.js. */
  readonly logout: (options?: LogoutOptions) => Promise<void>;
  /** What is in localStorage. */
  readonly storage: Map<string, string>;
  /** What the status line has said so far, with the token that was stored at that moment. */
  readonly said: readonly { readonly text: string; readonly token: string | undefined }[];
  readonly button: EventTarget & { disabled: boolean };
  readonly window: EventTarget;
  /** Clicks, and waits until the page has gone elsewhere or its button works again. */
  click(): Promise<'gone' | 'there'>;
  /** Says that there is a connection again, and waits likewise. */
  goOnline(): Promise<'gone' | 'there'>;
}

/** Opens the page, with the service's URL and short pauses in place of the documented ones. */
export async function openPage(url: string, token: string): Promise<BrowserPage> {
  const { library, page } = browserApp(url);
  const folder = mkdtempSync(join(tmpdir(), 'page-'));
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  writeFileSync(join(folder, 'logout.js'), library);
  writeFileSync(join(folder, 'page.js'), page);

  const storage = new Map([['token', token]]);
  const said: { text: string; token: string | undefined }[] = [];
  const settled = new EventEmitter();
  const button = Object.defineProperty(new EventTarget(), 'disabled', {
    get: () => isDisabled,
    set: (disabled: boolean) => {
      isDisabled = disabled;
      if (!disabled) settled.emit('settled', isGone ? 'gone' : 'there');
    },
  }) as BrowserPage['button'];
  let isDisabled = false;
  let isGone = false;
  const status = {
    get textContent() {
      return said.at(-1)?.text ?? '';
    },
    set textContent(text: string) {
      said.push({ text, token: storage.get('token') });
    },
  };
  const window = new EventTarget();
  const browser = {
    window,
    document: { querySelector: (what: string) => (what === '#logout' ? button : status) },
    location: {
      assign: (path: string) => {
        isGone = path === '/login';
      },
    },
    localStorage: {
      getItem: (name: string) => storage.get(name) ?? null,
      setItem: (name: string, value: string) => storage.set(name, value),
      removeItem: (name: string) => storage.delete(name),
    },
  };
  for (const [name, value] of Object.entries(browser))
    Object.defineProperty(globalThis, name, { value, configurable: true });

  const load = (file: string) => import(pathToFileURL(join(folder, file)).href);
  await load('page.js');
  const { logout } = await load('logout.js');
  rmSync(folder, { recursive: true });

  async function afterwards(target: EventTarget, event: string): Promise<'gone' | 'there'> {
    const end = once(settled, 'settled');
    target.dispatchEvent(new Event(event));
    const [where] = await end;
    return where;
  }
  return {
    logout,
    storage,
    said,
    button,
    window,
    click: () => afterwards(button, 'click'),
    goOnline: () => afterwards(window, 'online'),
  };
}

/** The files of docs/clients.md's browser app, with the service's URL and short pauses. */
export function browserApp(url: string): Record<'html' | 'library' | 'page', string> {
  const [html = ''] = codeBlocks('docs/clients.md', 'html');
  const [library = '', page = ''] = codeBlocks('docs/clients.md', 'js');
  const here = replaced(library, 'https://auth.example.com', url);
  return { html, library: replaced(here, 'Ms = 500', 'Ms = 1'), page };
}

function replaced(text: string, what: string, by: string): string {
  if (!text.includes(what)) throw new Error(`docs/clients.md does not have ${what}`);
  return text.replace(what, by);
}
