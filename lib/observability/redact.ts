import { unescape as decodePercents } from 'node:querystring';

/** Minimum length, in characters, for removal inside words; shorter texts match as whole words only. */
const MIN_ANYWHERE_LENGTH = 8;
/** Minimum length, in characters, of a credential's part that counts as secret, such as a signature. */
const MIN_PART_LENGTH = 16;

/**
 * Builds a function that removes credentials from a text: the request's Authorization value and its
 * parts (of Basic, the password), the configured secrets, and anything that looks like a JWT.
 *
 * @param secrets values under 16 characters are ignored, as no valid secret is so short
 */
export function redactor(
  authorization: string | undefined,
  secrets: readonly string[],
): (text: string) => string {
  const { wholes, parts } = credentialsOf(authorization);
  const others = [...parts, ...secrets].filter((text) => text.length >= MIN_PART_LENGTH);
  const patterns = [...new Set([...wholes, ...others])].map(pattern);
  return (text) =>
    patterns
      .reduce<string>((rest, each) => rest.replaceAll(each, '***'), text)
      .replaceAll(DOTTED_WORDS, (words) => (looksLikeToken(words) ? '***' : words));
}

/**
 * Removes credentials of {@link MIN_PART_LENGTH} characters and more from a path; short credentials, such
 * as `me`, would change every path. A path with a credential that is percent-encoded, or split by slashes,
 * is removed as a whole.
 */
export function redactPath(path: string, authorization = '', secrets: readonly string[]): string {
  const { wholes, parts } = credentialsOf(authorization);
  const all = [...wholes, ...parts, ...secrets].filter(({ length }) => length >= MIN_PART_LENGTH);
  const redacted = redactor(undefined, all)(path);
  const plain = withoutSpelling(path);
  const isSpelled = all.some((text) => {
    const bare = withoutSpelling(text);
    // A credential that is mostly slashes would be found everywhere.
    return bare.length >= MIN_ANYWHERE_LENGTH && plain.includes(bare) && !path.includes(text);
  });
  const rest = withoutSpelling(redacted);
  return isSpelled || redactor(undefined, [])(rest) !== rest ? '***' : redacted;
}

/** Decodes until nothing is left to decode, as a credential may be encoded twice, and drops the slashes. */
function withoutSpelling(text: string): string {
  let [before, decoded] = ['', text];
  while (decoded !== before) [before, decoded] = [decoded, decodePercents(decoded)];
  return decoded.replaceAll('/', '');
}

/**
 * The credentials of an Authorization header (of Basic, id and password too), whole values first: a part
 * removed first would leave the rest.
 */
function credentialsOf(authorization = '') {
  const header = authorization.trim();
  const credentials = header.slice(header.indexOf(' ') + 1).trim();
  const parts = [
    ...credentials.split(/[\s,]+/),
    ...credentials.split(/[^\w-]+/),
    ...(/^basic /i.test(header) ? Buffer.from(credentials, 'base64').toString().split(':') : []),
  ];
  return { wholes: [header, credentials].filter((text) => text !== ''), parts };
}

/** Base64url words joined by dots. A single character class keeps the match linear in time. */
const DOTTED_WORDS = /[\w.-]+/g;

/** A JWS or a JWE: `eyJ` is `{"` in base64url. */
function looksLikeToken(words: string): boolean {
  return words.includes('eyJ') && words.includes('.');
}

/** Matches short credentials, such as `x`, as whole words only, so that other text stays readable. */
function pattern(text: string): RegExp | string {
  if (text.length >= MIN_ANYWHERE_LENGTH) return text;
  const literal = text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
  return new RegExp(`(?<![\\w-])${literal}(?![\\w-])`, 'g');
}
