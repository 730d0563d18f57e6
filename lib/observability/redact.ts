/** Shortest text that is taken out wherever it stands; a shorter one only as a word of its own. */
const MIN_ANYWHERE_LENGTH = 8;
/** Shortest part of the credentials that is worth as much as the whole: a signature, a claims set. */
const MIN_PART_LENGTH = 16;

/**
 * Makes a function that takes credentials out of a text: the request's own, in whole and in parts,
 * the configured secrets, and anything that looks like a JWT.
 *
 * @param authorization the request's Authorization header
 * @param secrets texts that are secret whatever the request; those under 16 characters are too weak
 *   to be in use, and would be found in innocent words
 */
export function redactor(
  authorization: string | undefined,
  secrets: readonly string[],
): (text: string) => string {
  const header = authorization?.trim() ?? '';
  const credentials = header.slice(header.indexOf(' ') + 1).trim();
  const parts = [...credentials.split(/[\s,]+/), ...credentials.split(/[^\w-]+/)];
  // A whole before its parts, which would otherwise leave the rest of it standing.
  const wholes = [header, credentials].filter((text) => text !== '');
  const others = [...parts, ...secrets].filter((text) => text.length >= MIN_PART_LENGTH);
  const patterns = [...new Set([...wholes, ...others])].map(pattern);
  return (text) =>
    patterns
      .reduce<string>((rest, each) => rest.replaceAll(each, '***'), text)
      .replaceAll(DOTTED_WORDS, (words) => (looksLikeToken(words) ? '***' : words));
}

/** Words of base64url, joined by dots. One class of characters only, so that it takes linear time. */
const DOTTED_WORDS = /[\w.-]+/g;

/** A JWS or a JWE; `eyJ` is how `{"` begins in base64url. */
function looksLikeToken(words: string): boolean {
  return words.includes('eyJ') && words.includes('.');
}

/** Short credentials, such as `x`, would turn every text into stars if they were found inside words. */
function pattern(text: string): RegExp | string {
  if (text.length >= MIN_ANYWHERE_LENGTH) return text;
  const literal = text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
  return new RegExp(`(?<![\\w-])${literal}(?![\\w-])`, 'g');
}
