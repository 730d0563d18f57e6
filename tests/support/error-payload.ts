import { expect } from '@jest/globals';
import type { HttpResponse } from '../../lib/http/response.ts';
import type { CapturedLog } from './log.ts';

const UUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** Members of the payload that differ by error. */
type ErrorPayload = Readonly<Record<'error' | 'error_type' | 'trace' | 'error_id', string>>;

/** Expects the 500 payload, whole, and its one log line; returns it. */
export function expectErrorPayload(
  response: HttpResponse,
  log: CapturedLog,
  request: { readonly method: string; readonly path: string },
): ErrorPayload {
  expect(response.statusCode).toBe(500);
  const payload: ErrorPayload = JSON.parse(response.body);
  const { error, error_type, trace, error_id } = payload;
  for (const value of [error, error_type, trace]) expect(typeof value).toBe('string');
  expect(error_type).not.toBe('');
  expect(trace).not.toBe('');
  expect(error_id).toMatch(UUID_V4);
  expect(payload).toEqual({
    detail: 'Internal Server Error',
    error,
    error_type,
    trace,
    error_id,
    path: request.path,
    method: request.method,
  });
  expect(response.headers).toEqual({
    'Content-Type': 'application/json',
    'Cache-Control': 'no-store',
    'X-Error-ID': error_id,
  });
  const lines = log.entries().filter((entry) => entry.level === 'ERROR');
  expect(lines).toMatchObject([{ error_id, error_type, message: 'error' }]);
  return payload;
}
