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
  const header = authorization?.trim() ?? '';
  const credentials = header.slice(header.indexOf(' ') + 1).trim();
  const parts = [
    ...credentials.split(/[\s,]+/),
    ...credentials.split(/[^\w-]+/),
    ...(/^basic /i.test(header) ? Buffer.from(credentials, 'base64').toString().split(':') : []),
  ];
  // Whole values first: removing a part first would leave the rest in the text.
  const wholes = [header, credentials].filter((text) => text !== '');
  const others = [...parts, ...secrets].filter((text) => text.length >= MIN_PART_LENGTH);
  const patterns = [...new Set([...wholes, ...others])].map(pattern);
  return (text) =>
    patterns
      .reduce<string>((rest, each) => rest.replaceAll(each, '***'), text)
      .replaceAll(DOTTED_WORDS, (words) => (looksLikeToken(words) ? '***' : words));
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
