import { isDeepStrictEqual } from 'node:util';
import type { Devices, Endpoint } from './endpoints.ts';
import type { AnswerKind } from './evaluate.ts';

/** A function's returned value or thrown error. */
export type Outcome = { readonly returned: unknown } | { readonly thrown: unknown };

/** An answer whose every byte has been compared with the contract's. */
export interface Answer {
  readonly kind: AnswerKind;
  /** Shown when a cell fails. */
  readonly text: string;
  /** Of a failure: the id of its one log line. */
  readonly errorId?: string;
}

const UUID_V4 = '[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}';
const POINTER = new RegExp(`^Internal Server Error, see the log for error id (${UUID_V4})$`);
const PAYLOAD_KEYS = 'detail,error,error_id,error_type,method,path,trace';

const NOT_FOUND = {
  statusCode: 404,
  headers: { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' },
  body: '{"detail":"Session not found"}',
};

/** Tells which of the contract's answers this is. */
export function readAnswer(endpoint: Endpoint, devices: Devices, outcome: Outcome): Answer {
  if ('thrown' in outcome) return readError(endpoint, outcome.thrown);
  const { returned } = outcome;
  const text = JSON.stringify(returned) ?? 'undefined';
  if (same(returned, endpoint.succeeded(devices))) return { kind: 'success', text };
  if (same(returned, endpoint.refused)) return { kind: 'refused', text };
  if (endpoint.fn === 'deleteSession' && same(returned, NOT_FOUND)) return { kind: 'gone', text };
  const errorId = endpoint.request ? payloadId(endpoint.request, returned) : undefined;
  return errorId === undefined ? { kind: 'malformed', text } : { kind: 'failed', text, errorId };
}

/** An authorizer throws: API Gateway turns the message `Unauthorized` into a 401, anything else into a 500. */
function readError({ request, refused }: Endpoint, thrown: unknown): Answer {
  const { message, stack }: { message?: unknown; stack?: unknown } = Object(thrown);
  const text = `threw ${stack ?? thrown}`;
  const isUnknown = request || Object.getOwnPropertyNames(thrown).sort().join() !== 'message,stack';
  if (message === 'Unauthorized' && !request && refused === undefined)
    return { kind: 'refused', text };
  const [, errorId] = POINTER.exec(String(message)) ?? [];
  return errorId === undefined || isUnknown
    ? { kind: 'malformed', text }
    : { kind: 'failed', text, errorId };
}

/** The error id of a 500, if it is the whole payload: seven keys, all strings, and the id twice. */
function payloadId(
  request: { readonly method: string; readonly path: string },
  returned: unknown,
): string | undefined {
  const { statusCode, body, headers }: Partial<Record<string, unknown>> = { ...Object(returned) };
  if (statusCode !== 500 || typeof body !== 'string') return undefined;
  const payload: Partial<Record<string, unknown>> = JSON.parse(body);
  const { error_id, method, path, detail } = payload;
  const isWhole =
    Object.keys(payload).sort().join() === PAYLOAD_KEYS &&
    Object.values(payload).every((value) => typeof value === 'string' && value !== '') &&
    new RegExp(`^${UUID_V4}$`).test(String(error_id)) &&
    detail === 'Internal Server Error' &&
    method === request.method &&
    path === request.path &&
    same(headers, {
      'Content-Type': 'application/json',
      'Cache-Control': 'no-store',
      'X-Error-ID': error_id,
    });
  return isWhole ? String(error_id) : undefined;
}

/** By content: the functions' objects have the prototypes of another realm. */
function same(one: unknown, other: unknown): boolean {
  return one !== undefined && isDeepStrictEqual(plain(one), plain(other));
}

function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value ?? null));
}
