import { describe, expect, test } from '@jest/globals';
import { isFromElsewhere, isOwnHost } from '../../local/console/guard.ts';

describe('the name that a request was sent to', () => {
  test.each([
    ...['localhost', 'LOCALHOST:3000', '127.0.0.1:3000', '127.255.255.254', '[::1]:3000'],
  ])('is this machine’s own: %s', (host) => {
    expect(isOwnHost(host, 'localhost')).toBe(true);
  });

  test.each([
    ...[undefined, '', 'evil.example:3000', 'localhost.evil.example:3000', 'notlocalhost'],
    ...['127.0.0.1.evil.example:3000', '128.0.0.1:3000', '10.0.0.1:3000', '[::2]:3000'],
    ...['evil@localhost', 'localhost/evil.example', 'localhost evil.example', 'localhost:port'],
  ])('is another one: %s', (host) => {
    expect(isOwnHost(host, 'localhost')).toBe(false);
  });

  test('may be the one that --host names', () => {
    expect(isOwnHost('devbox:3000', 'devbox')).toBe(true);
    expect(isOwnHost('devbox:3000', 'DevBox')).toBe(true);
    expect(isOwnHost('devbox.evil.example:3000', 'devbox')).toBe(false);
    expect(isOwnHost('[fd00::1]:3000', 'fd00::1')).toBe(true);
    expect(isOwnHost('[fd00::2]:3000', 'fd00::1')).toBe(false);
  });

  test.each(['0.0.0.0', '::'])(
    'may be any address, and still no name, where the run listens on %s',
    (configured) => {
      expect(isOwnHost('10.0.0.1:3000', configured)).toBe(true);
      expect(isOwnHost('[fd00::1]:3000', configured)).toBe(true);
      expect(isOwnHost('localhost:3000', configured)).toBe(true);
      expect(isOwnHost('evil.example:3000', configured)).toBe(false);
    },
  );
});

describe('a request', () => {
  const host = 'localhost:3000';
  test.each([
    ['by curl', { host }],
    ['by the page, reading', { host, 'sec-fetch-site': 'same-origin' }],
    ['by the page, writing', { host, 'sec-fetch-site': 'same-origin', origin: `http://${host}` }],
    ['by the address bar', { host, 'sec-fetch-site': 'none' }],
    ['where browsers send no Sec-Fetch-Site', { host, origin: 'http://localhost:3000' }],
  ])('is from here: %s', (_, headers) => expect(isFromElsewhere(headers)).toBe(false));

  test.each([
    ['another site', { host, 'sec-fetch-site': 'cross-site' }],
    ['another port', { host, 'sec-fetch-site': 'same-site' }],
    ['another site, by its origin alone', { host, origin: 'https://evil.example' }],
    ['another port, by its origin alone', { host, origin: 'http://localhost:8080' }],
    ['a sandboxed frame or a file', { host, origin: 'null' }],
    ['a site that looks like this one', { host, origin: `http://${host}.evil.example` }],
  ])('is from elsewhere: %s', (_, headers) => expect(isFromElsewhere(headers)).toBe(true));
});
