import { describe, expect, test } from '@jest/globals';
import { contract, type Exchange } from './contract.ts';

const check = contract();

const HEADERS = {
  'Content-Type': 'application/json; charset=utf-8',
  'Cache-Control': 'no-store',
  Date: 'Thu, 01 Jan 2026 09:00:00 GMT',
};
const ERROR_ID = '3f1c9a52-6c0e-4c0e-9d0c-2b8f6a4d7e11';
const SESSION = {
  id: 'c2Vzc2lvbg',
  auth_time: '2026-01-01T09:00:00.000Z',
  expires_at: '2026-01-01T10:00:00.000Z',
};
const UNHANDLED = {
  ...{ detail: 'Internal Server Error', error: 'x', error_type: 'Error', trace: 'Error: x' },
  ...{ error_id: ERROR_ID, path: '/api/v1/auth/me', method: 'GET' },
};

interface Answer {
  readonly method?: string;
  readonly path?: string;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** An exchange with GET /me, unless told otherwise. */
function exchange({
  method = 'GET',
  path = '/api/v1/auth/me',
  status = 200,
  headers = HEADERS,
  body = { sub: 'alice', session: SESSION },
}: Answer = {}): Exchange {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return { method, path, status, headers: new Headers(headers), body: text };
}

test('the gateway’s own 500 passes, which has neither the payload nor its headers', () => {
  const body = { message: 'Internal Server Error' };
  const headers = { 'Content-Type': 'application/json' };
  expect(() => check(exchange({ status: 500, headers, body }))).not.toThrow();
});

describe('an answer that differs fails, and is told in what', () => {
  const { error_id: _, ...six } = UNHANDLED;
  const withErrorId = { ...HEADERS, 'X-Error-ID': ERROR_ID };
  test.each<[string, Answer, string]>([
    ['another path', { path: '/api/v1/auth/me/' }, 'no such endpoint'],
    ['another status', { status: 202 }, 'no such status'],
    [
      'another value of a header',
      { headers: { ...HEADERS, 'Cache-Control': 'max-age=60' } },
      '/headers/cache-control must be equal to constant',
    ],
    ['one more header', { headers: { ...HEADERS, 'X-Powered-By': 'x' } }, 'x-powered-by'],
    ['one more member', { body: { sub: 'a', session: SESSION, role: 'admin' } }, '"role"'],
    ['six keys of seven', { status: 500, headers: withErrorId, body: six }, '"error_id"'],
  ])('%s', (_, answer, difference) => {
    expect(() => check(exchange(answer))).toThrow(difference);
  });
});
