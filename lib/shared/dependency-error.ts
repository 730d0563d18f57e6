/**
 * A request to another service failed. The message names the request and ends with the innermost cause,
 * such as `connect ECONNREFUSED 127.0.0.1:8000`.
 */
export abstract class DependencyError extends Error {
  /** @param cause an error, or in words what is wrong with the answer */
  constructor(request: string, cause: unknown) {
    super(`${request} failed: ${innermost(cause)}`, { cause });
  }
}

/** `fetch` and the SDK wrap the cause in their own errors, and Node the errors of all addresses of a host. */
function innermost(error: unknown): string {
  const { cause, errors } = Object(error);
  const next = errors?.[0] ?? cause;
  return next === undefined ? String(error).replace(/^Error: /, '') : innermost(next);
}
