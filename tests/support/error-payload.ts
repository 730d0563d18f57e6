import { isDeepStrictEqual } from 'node:util';
import { expect } from '@jest/globals';
import type { HttpResponse } from '../../lib/http/response.ts';
import { HEADERS } from './answers.ts';
import type { CapturedLog } from './log.ts';

/** Members of the payload that differ by error. */
type ErrorPayload = Readonly<Record<'error' | 'error_type' | 'trace' | 'error_id', string>>;

interface Request {
  readonly method: string;
  readonly path: string;
}

const UUID_V4 = '[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}';
const POINTER = new RegExp(`^Internal Server Error, see the log for error id (${UUID_V4})$`);
const PAYLOAD_KEYS = 'detail,error,error_id,error_type,method,path,trace';

/** The error id of a 500, if it is the whole payload: seven keys, all strings, and the id twice. */
export function payloadId({ method, path }: Request, returned: unknown): string | undefined {
  const { statusCode, body, headers }: Partial<Record<string, unknown>> = { ...Object(returned) };
  if (statusCode !== 500 || typeof body !== 'string') return undefined;
  const payload: Partial<Record<string, unknown>> = JSON.parse(body);
  const { error, error_type, trace, error_id } = payload;
  const expectedHeaders = { ...HEADERS, 'X-Error-ID': error_id };
  const isWhole =
    Object.keys(payload).sort().join() === PAYLOAD_KEYS &&
    Object.values(payload).every((value) => typeof value === 'string') &&
    ![error, error_type, trace].includes('') &&
    new RegExp(`^${UUID_V4}$`).test(String(error_id)) &&
    payload.detail === 'Internal Server Error' &&
    payload.method === method &&
    payload.path === path &&
    isSame(headers, expectedHeaders);
  return isWhole ? String(error_id) : undefined;
}

/** The error id of an authorizer's error, if that has nothing else: Lambda's runtime logs all that an error has. */
export function authorizerErrorId(thrown: unknown): string | undefined {
  const names = Object.getOwnPropertyNames(Object(thrown)).sort().join();
  return names === 'message,stack' ? POINTER.exec(Object(thrown).message)?.[1] : undefined;
}

/** By content: objects of a bundled function have the prototypes of another realm. */
export function isSame(one: unknown, other: unknown): boolean {
  const plain = (value: unknown) => JSON.parse(JSON.stringify(value ?? null));
  return one !== undefined && isDeepStrictEqual(plain(one), plain(other));
}

/** Expects the 500 payload, whole, and its one log line; returns it. */
export function expectErrorPayload(
  response: HttpResponse,
  log: CapturedLog,
  request: Request,
): ErrorPayload {
  const payload: ErrorPayload = JSON.parse(response.body);
  expect({ response, id: payloadId(request, response) }).toEqual({
    response,
    id: expect.any(String),
  });
  const { error_id, error_type } = payload;
  expectOneLine(log, { error_id, error_type });
  return payload;
}

/**
 * Expects an authorizer to fail with an error id and nothing else, and to have written the one log line
 * behind it.
 *
 * @param secrets what neither the error nor the log may hold
 * @returns the log line
 */
export async function expectAuthorizerFailure(
  answer: Promise<unknown>,
  log: CapturedLog,
  secrets: readonly string[],
): Promise<Record<string, unknown>> {
  const [outcome] = await Promise.allSettled([answer]);
  const thrown = outcome.status === 'rejected' ? outcome.reason : undefined;
  const error_id = authorizerErrorId(thrown);
  expect({ outcome, error_id }).toEqual({ outcome, error_id: expect.any(String) });
  const text = [thrown?.stack, ...log.lines()].join('\n');
  for (const secret of secrets) expect(text).not.toContain(secret);
  return expectOneLine(log, { error_id });
}

function expectOneLine(log: CapturedLog, expected: object): Record<string, unknown> {
  const lines = log.entries().filter(({ level }) => level === 'ERROR');
  expect(lines).toMatchObject([{ ...expected, message: 'error' }]);
  return lines[0] ?? {};
}
