import type { HttpRequest } from './request.ts';

/**
 * Reads parameters of a form, each of which may be there once (RFC 6749, section 3.2). Other parameters
 * are ignored.
 *
 * @returns the values by name, or a problem for the `error_description` of the answer
 */
export function readForm<Name extends string>(
  request: Pick<HttpRequest, 'header' | 'body'>,
  names: readonly Name[],
): { readonly values: Partial<Record<Name, string>> } | { readonly problem: string } {
  const [type = ''] = (request.header('content-type') ?? '').split(';');
  if (type.trim().toLowerCase() !== 'application/x-www-form-urlencoded')
    return { problem: 'The content type must be application/x-www-form-urlencoded' };
  const form = new URLSearchParams(request.body());
  const repeated = names.find((name) => form.getAll(name).length > 1);
  if (repeated) return { problem: `The parameter ${repeated} is repeated` };
  // A parameter without a value counts as absent.
  const values = names.map((name) => [name, form.get(name) || undefined]);
  return { values: Object.fromEntries(values) };
}
