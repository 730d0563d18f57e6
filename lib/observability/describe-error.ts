import { withSources } from './source-map.ts';

/** An error in words. */
export interface ErrorDescription {
  readonly message: string;
  /** The class of an `Error`; the type of anything else that was thrown. */
  readonly type: string;
  /** The stack, with those of its causes; in lines of the sources where the code is bundled. */
  readonly trace: string;
}

/** Longest message and trace, in characters: a response has to stay under Lambda's 6 MB. */
export const MAX_MESSAGE_LENGTH = 4_096;
export const MAX_TRACE_LENGTH = 16_384;
/** Most errors in a trace: the one that was thrown and those that caused it. */
const MAX_ERRORS = 5;

/**
 * Describes whatever was thrown, even what can't be looked at: a property whose getter throws, a
 * proxy, an object without a prototype.
 *
 * @param redact applied to every text that is returned, before it is cut: half a token is one too
 */
export function describeError(error: unknown, redact: (text: string) => string): ErrorDescription {
  const message = attempt(() => messageOf(error), 'An error that can’t be described');
  const type = attempt(() => typeOf(error), 'unknown');
  const trace = attempt(() => traceOf(error), '') || `${type} thrown without a stack`;
  return {
    message: redact(message).slice(0, MAX_MESSAGE_LENGTH),
    type: redact(type).slice(0, MAX_MESSAGE_LENGTH),
    trace: redact(trace).slice(0, MAX_TRACE_LENGTH),
  };
}

/** Runs what may throw, as any look at an unknown object may: describing an error must not be another. */
export function attempt<Result>(describe: () => Result, fallback: Result): Result {
  try {
    return describe();
  } catch {
    return fallback;
  }
}

function messageOf(error: unknown): string {
  const message = property(error, 'message');
  if (message) return String(message);
  // Node's own when no address of a host accepts: an AggregateError with an empty message.
  const errors = property(error, 'errors');
  if (Array.isArray(errors) && errors.length > 0) return errors.map(messageOf).join('; ');
  if (message === '' || typeof error !== 'object' || error === null)
    return String(message ?? error);
  return JSON.stringify(error) ?? String(error);
}

function typeOf(error: unknown): string {
  if (error === null) return 'null';
  if (typeof error !== 'object') return typeof error;
  const name = hasStack(error) ? property(error, 'name') : undefined;
  // A subclass that sets no name of its own inherits this one.
  if (name && name !== 'Error') return String(name);
  return String(property(property(error, 'constructor'), 'name') || 'Object');
}

function traceOf(error: unknown): string {
  if (!hasStack(error)) return '';
  return withCauses(error)
    .map((each) =>
      attempt(() => (hasStack(each) ? withSources(each.stack) : messageOf(each)), 'unknown'),
    )
    .join('\nCaused by: ');
}

/** An error and what led to it: its `cause`, and the `errors` of an AggregateError. */
function withCauses(error: unknown): readonly unknown[] {
  const found: unknown[] = [];
  const waiting = [error];
  while (waiting.length > 0 && found.length < MAX_ERRORS) {
    const next = waiting.shift();
    if (next === undefined || next === null || found.includes(next)) continue;
    found.push(next);
    waiting.push(attempt(() => property(next, 'cause'), undefined));
    const errors = attempt(() => property(next, 'errors'), undefined);
    if (Array.isArray(errors)) waiting.push(...errors.slice(0, MAX_ERRORS));
  }
  return found;
}

/** Known by its stack rather than its class, as one of another realm (`node:vm`) has another `Error`. */
function hasStack(error: unknown): error is { stack: string } {
  // It is put together when it is first read, and out of a message that may not be one.
  return attempt(() => typeof property(error, 'stack') === 'string', false);
}

function property(value: unknown, name: string): unknown {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null)
    return undefined;
  return Reflect.get(value, name);
}
