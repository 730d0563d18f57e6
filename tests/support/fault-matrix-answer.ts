import { isDeepStrictEqual } from 'node:util';
import type { AnswerKind } from './fault-matrix-judge.ts';
import type { Devices, Subject } from './fault-matrix-subjects.ts';

/** What a function gave back, or threw. */
export type EventName = { readonly returned: unknown } | { readonly thrown: unknown };

/** An answer whose every byte has been compared with the contract's. */
export interface Answer {
  readonly kind: AnswerKind;
  /** As the table has it: a status, or what the gateway does with it. */
  readonly label: string;
  /** Of a failure: under which id its one log line is. */
  readonly errorId?: string;
}

const UUID_V4 = '[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}';
const POINTER = new RegExp(`^Internal Server Error, see the log for error id (${UUID_V4})$`);
const PAYLOAD_KEYS = [
  ...['detail', 'error', 'error_id', 'error_type', 'method', 'path', 'trace'],
] as const;

const NOT_FOUND = {
  statusCode: 404,
  headers: { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' },
  body: '{"detail":"Session not found"}',
};

/** Tells which of the contract's answers this is. */
export function readAnswer(subject: Subject, devices: Devices, outcome: EventName): Answer {
  if (!subject.request) return readAuthorizer(subject, devices, outcome);
  if ('thrown' in outcome) return { kind: 'malformed', label: `threw ${outcome.thrown}` };
  const { returned } = outcome;
  const { statusCode, body, headers }: Partial<Record<string, unknown>> = { ...Object(returned) };
  const label = String(statusCode);
  if (same(returned, subject.succeeded(devices))) return { kind: 'success', label };
  if (same(returned, subject.refused)) return { kind: 'refused', label };
  if (subject.fn === 'endSession' && same(returned, NOT_FOUND)) return { kind: 'gone', label };
  const errorId = statusCode === 500 ? payloadId(subject.request, headers, body) : undefined;
  return errorId === undefined
    ? { kind: 'malformed', label: `${label} ${body}` }
    : { kind: 'failed', label, errorId };
}

function readAuthorizer(subject: Subject, devices: Devices, outcome: EventName): Answer {
  if ('returned' in outcome) {
    const { returned } = outcome;
    if (same(returned, subject.succeeded(devices))) return { kind: 'success', label: 'in' };
    if (subject.refused !== undefined && same(returned, subject.refused))
      return { kind: 'refused', label: 'out' };
    return { kind: 'malformed', label: JSON.stringify(returned) };
  }
  const { message }: { message?: unknown } = Object(outcome.thrown);
  const own = Object.getOwnPropertyNames(outcome.thrown).sort().join();
  if (message === 'Unauthorized' && subject.refused === undefined)
    return { kind: 'refused', label: 'out' };
  const [, errorId] = POINTER.exec(String(message)) ?? [];
  return errorId === undefined || own !== 'message,stack'
    ? { kind: 'malformed', label: `threw ${outcome.thrown}` }
    : { kind: 'failed', label: 'error', errorId };
}

/** The error id of a 500, if it is the whole payload: seven keys, all strings, and the id twice. */
function payloadId(
  request: { readonly method: string; readonly path: string },
  headers: unknown,
  body: unknown,
): string | undefined {
  if (typeof body !== 'string') return undefined;
  const payload: Partial<Record<string, unknown>> = JSON.parse(body);
  const { error_id, method, path, detail } = payload;
  const isWhole =
    Object.keys(payload).sort().join() === PAYLOAD_KEYS.join() &&
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

/** By content: what the functions make has the prototypes of another realm than what a test makes. */
function same(one: unknown, other: unknown): boolean {
  return one !== undefined && isDeepStrictEqual(plain(one), plain(other));
}

function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value ?? null));
}
