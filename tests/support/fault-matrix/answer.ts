import { answer } from '../answers.ts';
import { authorizerErrorId, isSame, payloadId } from '../error-payload.ts';
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

const NOT_FOUND = answer(404, { detail: 'Session not found' });

/** Tells which of the contract's answers this is. */
export function readAnswer(endpoint: Endpoint, devices: Devices, outcome: Outcome): Answer {
  if ('thrown' in outcome) return readError(endpoint, outcome.thrown);
  const { timeless = (each: unknown) => each } = endpoint;
  const returned = timeless(outcome.returned);
  const text = JSON.stringify(returned) ?? 'undefined';
  if (isSame(returned, endpoint.succeeded(devices))) return { kind: 'success', text };
  if (isSame(returned, endpoint.refused)) return { kind: 'refused', text };
  if (endpoint.fn === 'deleteSession' && isSame(returned, NOT_FOUND)) return { kind: 'gone', text };
  const errorId = endpoint.request ? payloadId(endpoint.request, returned) : undefined;
  return errorId === undefined ? { kind: 'malformed', text } : { kind: 'failed', text, errorId };
}

/** An authorizer and the admin function throw: API Gateway turns the message `Unauthorized` into a 401, anything else into a 500. */
function readError({ request, refused }: Endpoint, thrown: unknown): Answer {
  const { message, stack }: { message?: unknown; stack?: unknown } = Object(thrown);
  const text = `threw ${stack ?? thrown}`;
  if (message === 'Unauthorized' && !request && refused === undefined)
    return { kind: 'refused', text };
  const errorId = request ? undefined : authorizerErrorId(thrown);
  return errorId === undefined ? { kind: 'malformed', text } : { kind: 'failed', text, errorId };
}
