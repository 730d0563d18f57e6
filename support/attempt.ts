import { DependencyError } from '../lib/shared/dependency-error.ts';

/** What a piece of work gives, or the error that it throws. */
export async function attempt<Result>(
  work: () => Result | Promise<Result>,
): Promise<Result | Error> {
  try {
    return await work();
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** Messages of an error and of its causes, the nearest first; a cause without a message gives its code. */
export function withCause(error: Error): string {
  if (error instanceof DependencyError) return error.message; // its message ends with the cause
  const messages: string[] = [];
  for (let each: unknown = error; each && messages.length < 4; each = Object(each).cause)
    messages.push(String(Object(each).message || Object(each).code));
  return messages.join(': ');
}
