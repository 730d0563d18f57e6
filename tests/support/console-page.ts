import type { Locator, Page } from 'playwright-core';

/** The local console, as somebody who looks at it finds things. */
export interface ConsolePage {
  /** The card of a device, by its name. */
  card(device: string): Locator;
  /** Presses a button of a card. */
  press(device: string, button: string): Promise<void>;
  /** Waits until a card says so. */
  untilState(device: string, state: 'alive' | 'ended'): Promise<void>;
  /** Waits until a card shows this answer, such as `Who am I: 401`. */
  untilAnswer(device: string, answer: string): Promise<void>;
  /** The `jti` that a card shows. */
  jti(device: string): Promise<string>;
  /** The table's row of a session. */
  row(jti: string): Locator;
  /** The sentence that is also heard. */
  said(): Promise<string>;
  /** The newest request that is shown. */
  readonly newest: Locator;
  /** Stops the page's clock: nothing happens by itself from now on. */
  stopClock(): Promise<void>;
  /** Lets the page's clock run on, at once. */
  letPass(milliseconds: number): Promise<void>;
}

/** Finds things on the console once its devices are there. */
export async function consolePage(page: Page): Promise<ConsolePage> {
  const card = (device: string) =>
    page.locator('.card').filter({ has: page.getByRole('heading', { name: device, exact: true }) });
  const found: ConsolePage = {
    card,
    press: (device, button) =>
      page.getByRole('button', { name: `${button} on ${device}`, exact: true }).click(),
    untilState: (device, state) =>
      card(device).locator('.state').filter({ hasText: state }).waitFor(),
    untilAnswer: (device, answer) =>
      card(device).locator('.answer').filter({ hasText: answer }).waitFor(),
    jti: async (device) =>
      (await card(device).locator('dd code').first().getAttribute('title')) ?? '',
    row: (jti) => page.locator(`#rows tr:has(th code[title="${jti}"])`),
    said: () => page.getByRole('status').innerText(),
    newest: page.locator('#requests li').first(),
    stopClock: async () => {
      await page.clock.install();
      await page.clock.pauseAt(Date.now() + 60_000); // the page's future, as a clock can't be put back
    },
    letPass: (milliseconds) => page.clock.runFor(milliseconds),
  };
  for (const device of ['Laptop', 'Phone', 'Tablet']) await found.untilState(device, 'alive');
  return found;
}
