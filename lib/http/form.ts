import type { HttpRequest } from './request.ts';

/**
 * Reads a parameter that a form has to hold exactly once (RFC 6749, section 3.2). Other parameters are
 * ignored.
 *
 * @returns the value, or a problem for the `error_description` of the answer
 */
export function readFormParameter(
  request: Pick<HttpRequest, 'header' | 'body'>,
  name: string,
): { readonly value: string } | { readonly problem: string } {
  const [type = ''] = (request.header('content-type') ?? '').split(';');
  if (type.trim().toLowerCase() !== 'application/x-www-form-urlencoded')
    return { problem: 'The content type must be application/x-www-form-urlencoded' };
  const [value, ...others] = new URLSearchParams(request.body()).getAll(name);
  if (!value) return { problem: `The parameter ${name} is missing` };
  return others.length > 0 ? { problem: `The parameter ${name} is repeated` } : { value };
}
