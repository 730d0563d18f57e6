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

/** Message of an error and of its cause. */
export function withCause({ message, cause }: Error): string {
  return cause instanceof Error ? `${message}: ${cause.message}` : message;
}
