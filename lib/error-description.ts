/** An error in words. */
export interface ErrorDescription {
  readonly message: string;
  /** The class of an `Error`; the type of anything else that was thrown. */
  readonly type: string;
  /** The stack, with those of its causes. */
  readonly trace: string;
}

/** Longest message and trace, in characters: a response has to stay under Lambda's 6 MB. */
export const MAX_MESSAGE_LENGTH = 4_096;
export const MAX_TRACE_LENGTH = 16_384;
const MAX_CAUSES = 4;

/**
 * Describes whatever was thrown, even what can't be looked at: a property whose getter throws, a
 * proxy, an object without a prototype.
 *
 * @param redact applied to every text that is returned
 */
export function describeError(error: unknown, redact: (text: string) => string): ErrorDescription {
  const message = attempt(() => messageOf(error), 'An error that can’t be described');
  const type = attempt(() => typeOf(error), 'unknown');
  const trace = attempt(() => traceOf(error), `${type} thrown without a stack`);
  return {
    message: redact(message).slice(0, MAX_MESSAGE_LENGTH),
    type: redact(type).slice(0, MAX_MESSAGE_LENGTH),
    trace: redact(trace).slice(0, MAX_TRACE_LENGTH),
  };
}

/**
 * Makes a function that takes credentials out of a text: the request's own, wherever they ended up,
 * and anything that looks like a JWT.
 *
 * @param authorization the request's Authorization header
 */
export function redactor(authorization: string | undefined): (text: string) => string {
  const header = authorization?.trim() ?? '';
  const credentials = header.slice(header.indexOf(' ') + 1).trim();
  // Very short ones (`x`) would turn every text into stars, and protect nothing.
  const secrets = [header, credentials].filter((secret) => secret.length >= 8);
  return (text) =>
    secrets
      .reduce((rest, secret) => rest.replaceAll(secret, '***'), text)
      .replaceAll(/\beyJ[\w-]+\.[\w-]*\.?[\w-]*/g, '***');
}

function messageOf(error: unknown): string {
  if (error instanceof Error) return String(error.message);
  if (typeof error === 'object' && error !== null)
    return 'message' in error ? String(error.message) : (JSON.stringify(error) ?? String(error));
  return String(error);
}

function typeOf(error: unknown): string {
  if (error instanceof Error) return String(error.name || error.constructor.name);
  if (typeof error === 'object' && error !== null)
    return String(Object.getPrototypeOf(error)?.constructor?.name ?? 'Object');
  return error === null ? 'null' : typeof error;
}

function traceOf(error: unknown): string {
  const stacks: string[] = [];
  let current: unknown = error;
  while (current instanceof Error && stacks.length <= MAX_CAUSES) {
    stacks.push(String(current.stack ?? current));
    current = current.cause;
  }
  return stacks.length === 0
    ? `${typeOf(error)} thrown without a stack`
    : stacks.join('\nCaused by: ');
}

function attempt(describe: () => string, fallback: string): string {
  try {
    return describe();
  } catch {
    return fallback; // a throwing getter or toString: describing an error must not be another
  }
}
