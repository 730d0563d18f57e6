import type { IncomingMessage, ServerResponse } from 'node:http';

/**
 * Headers of every answer: no inline script or style, no other host, no frame, and no use by another site
 * (https://developer.mozilla.org/docs/Web/HTTP/Headers/Cross-Origin-Resource-Policy). `data:` is for the
 * images in Swagger UI's style sheet.
 */
export const SECURITY_HEADERS = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'Cache-Control': 'no-store',
} as const;

/** An answer that a request has earned, thrown to end it. */
export class Refusal extends Error {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, detail: string, headers: Readonly<Record<string, string>> = {}) {
    super(detail);
    this.status = status;
    this.headers = headers;
  }
}

/** Answers with JSON. */
export function answerJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  answer(response, status, 'application/json', JSON.stringify(body), headers);
}

/** Answers with a body of some type. */
export function answer(
  response: ServerResponse,
  status: number,
  type: string,
  body: string | Buffer,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { ...SECURITY_HEADERS, 'Content-Type': type, ...headers }).end(body);
}

/** Longest body, in bytes: a device's name and some JSON around it. */
const MAX_BODY_BYTES = 1_024;

/**
 * Reads a JSON body.
 *
 * @throws Refusal with 415 unless it says that it is JSON, 413 beyond {@link MAX_BODY_BYTES}, and 400
 *   where it can't be parsed
 */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  // A form of another site can't say so, which is one more thing that it can't do.
  if (!/^application\/json\s*(;|$)/i.test(request.headers['content-type'] ?? ''))
    throw new Refusal(415, 'The body has to be application/json');
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES)
      throw new Refusal(413, `The body has to be ${MAX_BODY_BYTES} bytes at most`, {
        Connection: 'close',
      });
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString());
  } catch {
    throw new Refusal(400, 'The body is no JSON');
  }
}
