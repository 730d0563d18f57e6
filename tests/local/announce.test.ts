import { describe, expect, test } from '@jest/globals';
import { consoleUrl, networkWarning } from '../../local/announce.ts';
import { testSigner } from '../support/signing.ts';

describe('the address that a start prints', () => {
  test.each([
    ['localhost', 'http://localhost:3000/'],
    ['127.0.0.1', 'http://127.0.0.1:3000/'],
    ['::1', 'http://[::1]:3000/'],
    ['fd00::1', 'http://[fd00::1]:3000/'],
    ['0.0.0.0', 'http://localhost:3000/'],
    ['::', 'http://localhost:3000/'],
    ['devbox', 'http://devbox:3000/'],
  ])('is a URL for --host %s: %s', (host, url) => expect(consoleUrl(host, 3000)).toBe(url));
});

describe('the warning that others can have tokens signed', () => {
  test.each(['localhost', 'LOCALHOST', '127.0.0.1', '127.1.2.3', '::1'])(
    'is not given where only this machine can ask: %s',
    (host) => expect(networkWarning({ host, signer: testSigner })).toBe(''),
  );

  test.each(['0.0.0.0', '::', '10.0.0.1', 'devbox', 'localhost.example'])(
    'is one line where the network can: %s',
    (host) =>
      expect(networkWarning({ host, signer: testSigner })).toMatch(/^Warning: .*JWT_SECRET\.\n$/),
  );

  test('is not given where the console can’t sign', () =>
    expect(networkWarning({ host: '0.0.0.0', signer: undefined })).toBe(''));
});
