import { createServer } from 'node:http';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type LoopbackPort, listenOnLoopback } from '../../support/loopback.ts';

let port: LoopbackPort;
beforeEach(async () => {
  port = await listenOnLoopback(createServer((_, response) => response.end('here')));
});
afterEach(() => port.close());

/** The answer, or how there was none. */
const ask = () =>
  fetch(port.url).then(
    (response) => response.text(),
    ({ cause }) => cause.code,
  );

test('a port that is shut refuses, and takes connections again', async () => {
  expect(await ask()).toBe('here');
  for (const _ of [1, 2]) {
    await port.shut();
    await port.shut();
    expect(await ask()).toBe('ECONNREFUSED');
    await port.open();
    await port.open();
    expect(await ask()).toBe('here');
  }
});
