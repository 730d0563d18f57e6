import { decodeUtf8, isObject } from '../shared/json.ts';

/** The members of a JOSE header that this service understands, once it has been found fit. */
export interface TokenHeader {
  readonly alg: string;
  readonly kid?: string;
}

export type RefusedHeader = 'malformed_header' | 'unsupported_header' | 'unsupported_type';

/** `typ` of tokens that open something; others, such as `logout+jwt`, are signed for another purpose (RFC 8725, section 3.11). */
const ACCEPTED_TYPES: ReadonlySet<string> = new Set(['jwt', 'at+jwt']);

/**
 * Narrows the first part of a token to the header members that choose a key. Nothing here is
 * verified yet, so this only ever refuses; members that bring their own key (`jwk`, `jku`, `x5u`,
 * `x5c`) are not read.
 *
 * @param part base64url
 * @returns the header, or a reason code: `malformed_header` (no JSON object in UTF-8, repeated or
 *   wrongly typed members), `unsupported_header` (`crit`, `b64`, an encrypted token),
 *   `unsupported_type` (`typ` other than absent, `JWT` or `at+jwt`)
 */
export function parseTokenHeader(part: string): TokenHeader | RefusedHeader {
  const header = parseObject(Buffer.from(part, 'base64url'));
  if (!header) return 'malformed_header';
  const { alg, kid, typ } = header;
  if (typeof alg !== 'string' || !isOptionalString(kid) || !isOptionalString(typ))
    return 'malformed_header';
  // `crit` lists extensions that must be understood (RFC 7515, section 4.1.11), and none is;
  // `b64` must not change how a JWT is read (RFC 7797, section 7); `enc` is a JWE's.
  if ('crit' in header || 'b64' in header || 'enc' in header) return 'unsupported_header';
  if (typ !== undefined && !ACCEPTED_TYPES.has(mediaSubtype(typ))) return 'unsupported_type';
  return kid === undefined ? { alg } : { alg, kid };
}

function isOptionalString(value: unknown): value is string | undefined {
  return value === undefined || typeof value === 'string';
}

/** RFC 7515, section 4.1.9: media types compare without case, and `application/` may be left out. */
function mediaSubtype(typ: string): string {
  return typ.toLowerCase().replace(/^application\//, '');
}

function parseObject(bytes: Uint8Array): Record<string, unknown> | null {
  try {
    const text = decodeUtf8(bytes);
    const value: unknown = JSON.parse(text);
    return isObject(value) && !hasRepeatedMembers(text) ? value : null;
  } catch {
    return null; // no UTF-8 or no JSON: an expected miss, which the caller names
  }
}

/**
 * Whether a JSON object's own members repeat a name. RFC 7515 (section 4) allows to reject such a
 * header or to take the last of them; parsers differ in which they take, so it is rejected.
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
