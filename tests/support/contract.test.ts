import { expect, test } from '@jest/globals';
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

/** An exchange with GET /me, unless told otherwise. */
function exchange({ headers, body, ...changes }: Record<string, unknown> = {}): Exchange {
  return {
    ...{ method: 'GET', path: '/api/v1/auth/me', status: 200, ...changes },
    headers: new Headers({ ...HEADERS, ...Object(headers) }),
    body: JSON.stringify(body ?? { sub: 'alice', session: SESSION }),
  };
}

test('the gateway’s own 500 passes, which has neither the payload nor its headers', () => {
  const headers = new Headers({ 'Content-Type': 'application/json' });
  const body = { message: 'Internal Server Error' };
  expect(() => check({ ...exchange({ status: 500, body }), headers })).not.toThrow();
});

const { error_id: _, ...six } = UNHANDLED;
test.each<[string, Record<string, unknown>, string]>([
  ['another path', { path: '/api/v1/auth/me/' }, 'no such endpoint'],
  ['another status', { status: 202 }, 'no such status'],
  ['another header', { headers: { 'Cache-Control': 'no-cache' } }, 'must be equal to constant'],
  ['one more header', { headers: { 'X-Powered-By': 'x' } }, 'x-powered-by'],
  ['one more member', { body: { sub: 'a', session: SESSION, role: 'admin' } }, '"role"'],
  [
    'six keys of seven',
    { status: 500, headers: { 'X-Error-ID': ERROR_ID }, body: six },
    '"error_id"',
  ],
])('an answer that differs fails, and is told in what: %s', (_, changes, difference) => {
  expect(() => check(exchange(changes))).toThrow(difference);
});
