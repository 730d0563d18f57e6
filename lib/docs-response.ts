import type { DocsFile } from './docs-files.ts';
import type { HttpRequest } from './http/request.ts';
import type { HttpResponse } from './http/response.ts';

/**
 * What a page that is given tokens may do: run and show its own files, ask its own origin, and nothing
 * else. Swagger UI's style sheet has images in it, hence `data:`.
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const HEADERS = {
  'Content-Security-Policy': CONTENT_SECURITY_POLICY,
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  // To be kept, but asked about each time: the names of the files say no version.
  'Cache-Control': 'no-cache',
  Vary: 'Accept-Encoding',
} as const;

/**
 * Sends whoever asks for `/docs/` to `/docs`, below which the page's relative addresses are right. Relative
 * itself, as the function does not know the path that the API is mapped to.
 */
export function sendToPage(): HttpResponse {
  return { statusCode: 308, headers: { ...HEADERS, Location: '../docs' }, body: '' };
}

/**
 * Answers with a file of the page /docs: compressed for whoever takes that, and without its bytes for
 * whoever has them already.
 */
export function sendDocsFile(file: DocsFile, request: Pick<HttpRequest, 'header'>): HttpResponse {
  const headers = { ...HEADERS, ETag: file.etag };
  if (has(request.header('if-none-match'), file.etag))
    return { statusCode: 304, headers, body: '' };
  const gzipped = accepts(request.header('accept-encoding'), 'gzip') ? file.gzipped : null;
  return {
    statusCode: 200,
    headers: {
      ...headers,
      'Content-Type': file.contentType,
      ...(gzipped ? { 'Content-Encoding': 'gzip' } : {}),
    },
    // A response is JSON on its way to the gateway: bytes that are no text need base64.
    body: (gzipped ?? file.bytes).toString('base64'),
    isBase64Encoded: true,
  };
}

/** Weak comparison, as If-None-Match asks for (RFC 9110, section 13.1.2). */
function has(tags: string | undefined, etag: string): boolean {
  return listed(tags).some((tag) => tag === '*' || strong(tag) === strong(etag));
}

function strong(tag: string): string {
  return tag.replace(/^W\//, '');
}

/** RFC 9110, section 12.5.3: `*` is for what is not listed by its name; a weight of zero refuses. */
function accepts(encodings: string | undefined, encoding: string): boolean {
  const weights = new Map(
    listed(encodings).map((each) => {
      const [name = '', weight = 'q=1'] = each.split(';').map((part) => part.trim().toLowerCase());
      return [name, weight];
    }),
  );
  const weight = weights.get(encoding) ?? weights.get('*') ?? 'q=0';
  return !/^q=0(\.0*)?$/.test(weight);
}

function listed(values = ''): readonly string[] {
  return values.split(',').map((value) => value.trim());
}
