import { decodeUtf8, isObject, parseJson } from '../shared/json.ts';

/** Members of an accepted JOSE header. */
export interface TokenHeader {
  readonly alg: string;
  readonly kid?: string;
}

export type RefusedHeader = 'malformed_header' | 'unsupported_header' | 'unsupported_type';

/**
 * Narrows the first part of a token to the header members that choose a key. The header is unverified
 * at this point. Members with key material (`jwk`, `jku`, `x5u`, `x5c`) are never read.
 *
 * @param part base64url
 * @param types accepted values of `typ`, in lower case
 * @returns the header, or a reason code: `malformed_header` (no JSON object in UTF-8, repeated or
 *   wrongly typed members), `unsupported_header` (`crit`, `b64`, an encrypted token),
 *   `unsupported_type` (another `typ`)
 */
export function parseTokenHeader(
  part: string,
  types: readonly string[],
): TokenHeader | RefusedHeader {
  const text = decodeUtf8(Buffer.from(part, 'base64url')) ?? '';
  const header = parseJson(text);
  if (!isObject(header) || hasRepeatedMembers(text)) return 'malformed_header';
  const { alg, kid, typ } = header;
  if (typeof alg !== 'string' || !isOptionalString(kid) || !isOptionalString(typ))
    return 'malformed_header';
  // No extension in `crit` is supported (RFC 7515, section 4.1.11); a JWT must not use `b64`
  // (RFC 7797, section 7); `enc` belongs to a JWE.
  if ('crit' in header || 'b64' in header || 'enc' in header) return 'unsupported_header';
  if (typ !== undefined && !types.includes(mediaSubtype(typ))) return 'unsupported_type';
  return kid === undefined ? { alg } : { alg, kid };
}

function isOptionalString(value: unknown): value is string | undefined {
  return value === undefined || typeof value === 'string';
}

/** Media types compare without case; `application/` is optional (RFC 7515, section 4.1.9). */
function mediaSubtype(typ: string): string {
  return typ.toLowerCase().replace(/^application\//, '');
}

/**
 * Whether a JSON object repeats a member name at its top level. Parsers differ in the member that they
 * keep, so the header is refused (RFC 7515, section 4).
 *
 * @param json text that `JSON.parse` accepted as an object
 */
export function hasRepeatedMembers(json: string): boolean {
  const names = new Set<unknown>();
  let depth = 0;
  for (const [token, name] of json.matchAll(/("(?:[^"\\]|\\.)*")\s*:|"(?:[^"\\]|\\.)*"|[{}[\]]/g)) {
    if (token === '{' || token === '[') depth += 1;
    else if (token === '}' || token === ']') depth -= 1;
    else if (name !== undefined && depth === 1) {
      const member: unknown = JSON.parse(name);
      if (names.has(member)) return true;
      names.add(member);
    }
  }
  return false;
}
