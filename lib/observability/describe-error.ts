import { withSources } from './source-map.ts';

export interface ErrorDescription {
  readonly message: string;
  /** Class name of an `Error`; `typeof` of any other thrown value. */
  readonly type: string;
  /** The stack and the stacks of the causes, mapped to source lines where the code is bundled. */
  readonly trace: string;
}

/** Limits of message and trace, in characters: Lambda's response limit is 6 MB. */
export const MAX_MESSAGE_LENGTH = 4_096;
export const MAX_TRACE_LENGTH = 16_384;
/** Most errors in one trace: the thrown error and its causes. */
const MAX_ERRORS = 5;

/**
 * Describes any thrown value. Never throws, not even for getters or proxies that throw.
 *
 * @param redact applied to each text before the cut, as half a token is a secret too
 */
export function describeError(error: unknown, redact: (text: string) => string): ErrorDescription {
  const { message, type, trace } = describe(error);
  return {
    message: redact(message).slice(0, MAX_MESSAGE_LENGTH),
    type: redact(type).slice(0, MAX_MESSAGE_LENGTH),
    trace: redact(trace).slice(0, MAX_TRACE_LENGTH),
  };
}

function describe(error: unknown): ErrorDescription {
  try {
    const type = typeOf(error);
    const stacks = withCauses(error).map(stackOf);
    const trace = hasStack(error) ? stacks.join('\nCaused by: ') : `${type} thrown without a stack`;
    return { message: messageOf(error), type, trace };
  } catch {
    const trace = 'unknown thrown without a stack';
    return { message: 'An error that cannot be described', type: 'unknown', trace };
  }
}

function messageOf(error: unknown): string {
  const { message, errors } = Object(error);
  if (message) return String(message);
  // Node's AggregateError for a host whose addresses all refuse has an empty message.
  if (Array.isArray(errors) && errors.length > 0) return errors.map(messageOf).join('; ');
  if (message === '' || Object(error) !== error) return String(message ?? error);
  return JSON.stringify(error) ?? String(error);
}

function typeOf(error: unknown): string {
  if (error === null) return 'null';
  if (typeof error !== 'object') return typeof error;
  const { name, constructor: type } = Object(error);
  // A subclass without a name of its own inherits `Error`.
  if (hasStack(error) && name && name !== 'Error') return String(name);
  return String(type?.name || 'Object');
}

/** Lists an error, its `cause`, and the `errors` of an AggregateError, nearest first. */
function withCauses(error: unknown): readonly unknown[] {
  const found = new Set<unknown>([error]);
  for (const each of found) {
    const { cause, errors } = Object(each);
    for (const next of [cause, ...(Array.isArray(errors) ? errors : [])])
      if (next !== undefined && next !== null && found.size < MAX_ERRORS) found.add(next);
  }
  return [...found];
}

function stackOf(error: unknown): string {
  return hasStack(error) ? withSources(error.stack) : messageOf(error);
}

/** `instanceof` fails across realms, so test for a string `stack`. */
function hasStack(error: unknown): error is { stack: string } {
  return typeof Object(error).stack === 'string';
}
