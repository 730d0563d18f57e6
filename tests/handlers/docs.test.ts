import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { handler } from '../../handlers/docs.ts';
import { DOCS_SOURCES } from '../../lib/docs-files.ts';
import { readService } from '../../local/service-file.ts';
import { invoke } from '../support/lambda.ts';
import { FORMATS } from '../support/requests.ts';

const TEXT = ['page.css', 'start.js', 'swagger-ui-bundle.js', 'swagger-ui.css'];

/** The directives of a Content-Security-Policy, by name. */
function policyOf(headers: Readonly<Record<string, unknown>>): ReadonlyMap<string, string> {
  const directives = `${headers['Content-Security-Policy']}`.split('; ');
  return new Map(
    directives.map((each) => {
      const [name = '', ...values] = each.split(' ');
      return [name, values.join(' ')];
    }),
  );
}

describe.each(FORMATS)('the page /docs, payload format %s', (_, request) => {
  const get = (file?: string, headers: Readonly<Record<string, string>> = {}) => {
    const path = file === undefined ? '/docs' : `/docs/${file}`;
    const event = request({ method: 'GET', path, ...(file === undefined ? {} : { id: file }) });
    const pathParameters = file === undefined ? null : { file };
    return invoke(handler, { ...event, headers, multiValueHeaders: null, pathParameters });
  };
  const gzip = { 'accept-encoding': 'br;q=1.0, gzip;q=0.8, *;q=0.1' };

  test('is HTML that names only files that are served, all of them below its own path', async () => {
    const { statusCode, headers, body } = await get();
    expect(statusCode).toBe(200);
    expect(headers['Content-Type']).toBe('text/html; charset=utf-8');
    const html = Buffer.from(body, 'base64').toString();
    const addresses = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(
      ([, address = '']) => address,
    );
    const files = addresses.filter((each) => each.startsWith('docs/'));
    expect(addresses.filter((each) => !files.includes(each))).toEqual(['openapi.json']);
    expect(files.length).toBeGreaterThan(3);
    for (const file of files) expect((await get(file.slice(5))).statusCode).toBe(200);
  });

  test('may run its own scripts and ask its own origin, and nothing else', async () => {
    const { headers } = await get();
    expect(Object.fromEntries(policyOf(headers))).toEqual({
      'default-src': "'none'",
      'script-src': "'self'",
      'style-src': "'self'",
      'img-src': "'self' data:",
      'connect-src': "'self'",
      'base-uri': "'none'",
      'form-action': "'none'",
      'frame-ancestors': "'none'",
    });
    expect(headers).toMatchObject({
      'X-Content-Type-Options': 'nosniff',
      'Referrer-Policy': 'no-referrer',
      'Cross-Origin-Opener-Policy': 'same-origin',
    });
  });

  test.each(TEXT)(
    'sends %s compressed to whoever takes that, and as it is to others',
    async (file) => {
      const plain = await get(file);
      const compressed = await get(file, gzip);
      const refused = await get(file, { 'accept-encoding': 'identity, gzip;q=0' });
      const bytes = Buffer.from(plain.body, 'base64');
      const type = file.endsWith('.css') ? 'text/css' : 'text/javascript';
      expect(plain.headers['Content-Type']).toBe(`${type}; charset=utf-8`);
      expect(plain.headers).not.toHaveProperty('Content-Encoding');
      expect(refused).toEqual(plain);
      expect(plain).toMatchObject({ statusCode: 200, isBase64Encoded: true });
      expect(plain.headers).toMatchObject({ Vary: 'Accept-Encoding' });
      const source = DOCS_SOURCES.find((path) => path.endsWith(`/${file}`)) ?? '';
      expect(bytes.equals(readFileSync(source))).toBe(true);
      if (compressed.headers['Content-Encoding'] === 'gzip')
        expect(gunzipSync(Buffer.from(compressed.body, 'base64')).equals(bytes)).toBe(true);
      else expect(compressed).toEqual(plain);
    },
  );

  test.each([
    ['gzip;q=0, *', undefined],
    ['*, gzip;q=0', undefined],
    ['*;q=0', undefined],
    ['br', undefined],
    ['', undefined],
    ['*', 'gzip'],
    ['br, *;q=0.001', 'gzip'],
    ['gzip;q=0.001, *;q=0', 'gzip'],
    ['GZIP', 'gzip'],
  ])('takes “Accept-Encoding: %s” for what it says', async (encodings, expected) => {
    const { headers } = await get('swagger-ui.css', { 'accept-encoding': encodings });
    expect(headers['Content-Encoding']).toBe(expected);
  });

  test('sends whoever asks for /docs/ to /docs, wherever it is mapped to', async () => {
    // As the gateway may take it for the page's route, or for that of a file without a name.
    for (const [path, pathParameters] of [
      ['/docs/', null],
      ['/docs/', { file: '' }],
      ['/stage/docs/', null],
    ] as const) {
      const event = request({ method: 'GET', path });
      const { statusCode, headers, body } = await invoke(handler, { ...event, pathParameters });
      expect({ statusCode, body }).toEqual({ statusCode: 308, body: '' });
      const asked = new URL(`https://api.example.com/base${path}?a=b`);
      expect(new URL(`${headers.Location}`, asked).href).toBe(
        `https://api.example.com/base${path.slice(0, -1)}`,
      );
    }
  });

  test('sends the large files in less than a third of their size', async () => {
    for (const file of ['swagger-ui-bundle.js', 'swagger-ui.css']) {
      const [plain, compressed] = [await get(file), await get(file, gzip)];
      expect(compressed.headers['Content-Encoding']).toBe('gzip');
      expect(compressed.body.length).toBeLessThan(plain.body.length / 3);
    }
  });

  test('stays within what Lambda may answer, also without compression', async () => {
    // https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
    for (const file of TEXT)
      expect(JSON.stringify(await get(file)).length).toBeLessThan(6 * 1_024 * 1_024);
  });

  test('sends the icon as it is, for compressing makes it no smaller', async () => {
    const { headers, body } = await get('favicon-32x32.png', gzip);
    expect(headers['Content-Type']).toBe('image/png');
    expect(headers).not.toHaveProperty('Content-Encoding');
    expect(Buffer.from(body, 'base64').subarray(1, 4).toString()).toBe('PNG');
  });

  test.each([undefined, 'swagger-ui.css'])(
    'sends %s once to a browser that keeps it',
    async (file) => {
      const { headers, statusCode } = await get(file);
      expect(statusCode).toBe(200);
      expect(headers['Cache-Control']).toBe('no-cache');
      const etag = `${headers.ETag}`;
      // Weak: the compressed file has the same (RFC 9110, section 8.8.3.3).
      expect(etag).toMatch(/^W\/"[\w-]{43}"$/);
      expect((await get(file, gzip)).headers.ETag).toBe(etag);
      for (const tags of [etag, etag.slice(2), `"other", ${etag}`]) {
        const again = await get(file, { 'if-none-match': tags });
        expect(again).toMatchObject({ statusCode: 304, body: '' });
        expect(again.headers).toMatchObject({ ETag: etag, 'Cache-Control': 'no-cache' });
        expect(again.headers).not.toHaveProperty('Content-Type');
      }
      expect((await get(file, { 'if-none-match': '"other"' })).statusCode).toBe(200);
    },
  );

  test.each([
    'index.html',
    'swagger-ui-bundle.js.map',
    '..%2F..%2Fpackage.json',
    '../package.json',
    '/etc/passwd',
    'constructor',
    'page.css/',
  ])('has nothing else: %j is a 404', async (file) => {
    expect(await get(file)).toEqual({
      statusCode: 404,
      headers: { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' },
      body: '{"detail":"Not Found"}',
    });
  });
});

test('the package of the function has the files that it reads, and the licenses that go with them', () => {
  const patterns = readService('.').functions.docs?.package?.patterns ?? [];
  expect(patterns).toEqual(expect.arrayContaining([...DOCS_SOURCES]));
  expect(patterns.filter((path) => !existsSync(path))).toEqual([]);
  const others = patterns.filter((path) => !DOCS_SOURCES.includes(path));
  expect(others.filter((path) => !/\/(LICENSE|NOTICE|[\w.-]+\.LICENSE\.txt)$/.test(path))).toEqual(
    [],
  );
});

test('the page keeps no token, asks no validator, and takes no settings from its address', () => {
  const start = readFileSync('docs-page/start.js', 'utf8');
  for (const setting of [
    'persistAuthorization: false',
    'validatorUrl: null',
    'queryConfigEnabled: false',
  ])
    expect(start).toContain(setting);
});
