import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';
import { ConfigurationError } from '../shared/environment.ts';
import { memoizeLast } from '../shared/memoize.ts';
import { type Algorithm, hmacAlgorithms } from './algorithms.ts';
import type { VerificationKey } from './key-set.ts';

/** Shortest secret, in bytes: the hash size of HS256 (RFC 7518, section 3.2). */
export const MIN_SECRET_BYTES = 32;
/** Most secrets at once: each costs a signature check for every forged token. */
export const MAX_SECRETS = 4;
/** Fewest different characters of a secret; 32 random hex digits have fewer once in some 10^7. */
export const MIN_SECRET_ALPHABET = 8;

/** Marks a secret whose bytes are given in base64, as jjwt and Spring expect them. */
const BASE64_PREFIX = 'base64:';

/** Secrets of tutorials and sample files, long enough and random by their looks. */
const PUBLISHED_SECRETS: ReadonlySet<string> = new Set([
  // FastAPI's security tutorial
  '09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7',
  // jwt.io
  'a-string-secret-at-least-256-bits-long',
  'a-valid-string-secret-that-is-at-least-384-bits-long',
  'a-valid-string-secret-that-is-at-least-512-bits-long-which-is-very-long',
  // Supabase's self-hosting example
  'super-secret-jwt-token-with-at-least-32-characters-long',
  'your-super-secret-jwt-token-with-at-least-32-characters-long',
  // Spring Boot tutorials
  '404E635266556A586E3272357538782F413F4428472B4B6250645367566B5970',
  '9a4f2c8d3b7a1e6f45c8a0b3f267d8b1d4e6f3c8a9d2b5f8e3a9c8b5f6v8a3d9',
  'my-32-character-ultra-secure-and-ultra-long-secret',
  // RFC 7515, appendix A.1
  'AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow',
]);

/**
 * Words of placeholders and warnings, in lower case without separators, as in `CHANGE_ME_IN_PRODUCTION`.
 * One in some 10^7 texts of 64 random base64 characters holds a given word of six letters.
 */
const PLACEHOLDER =
  /(super|very|top|my|your|jwt|test|random|long)secret|secret(key|jwt|here|string)|change|replace|generate|default|insecure|notsecure|unsafe|donotuse|example|sample|testing|placeholder|password|production|32(char|byte)|256bit/;
/** Shorter words, between separators alone: random characters hold them too often. */
const SHORT_PLACEHOLDER = /(?<![a-z0-9])(todo|test|dummy|fixme)(?![a-z0-9])/;

/** Characters in the order of decimal and hexadecimal counting, of the alphabet and of the keyboard. */
const ORDERS = '0123456789abcdefghijklmnopqrstuvwxyz 90 f0 qwertyuiopasdfghjklzxcvbnm';

/**
 * Parses HMAC secrets, several separated by white space while rotating; the first signs.
 *
 * @param variable the variable to name when a secret is refused
 * @throws ConfigurationError for none, too many, short, low-entropy or published secrets
 */
export function parseSecrets(text: string, variable: string): readonly KeyObject[] {
  const secrets = text.split(/\s+/).filter((secret) => secret !== '');
  if (secrets.length === 0) throw new ConfigurationError(variable, `holds no secret; ${ADVICE}`);
  if (secrets.length > MAX_SECRETS)
    throw new ConfigurationError(
      variable,
      `holds ${secrets.length} secrets separated by spaces; keep at most ${MAX_SECRETS} while rotating`,
    );
  return secrets.map((secret, index) => {
    const bytes = bytesOf(secret);
    const problem = bytes
      ? weakness(secret, bytes)
      : `"${BASE64_PREFIX}" before a text that is no base64`;
    const which = secrets.length > 1 ? ` (secret ${index + 1} of ${secrets.length})` : '';
    if (!bytes || problem)
      throw new ConfigurationError(variable, `holds ${problem}${which}; ${ADVICE}`);
    return createSecretKey(bytes);
  });
}

/**
 * The keys of secrets, imported once per algorithm: jose would import them for every token, some 5 % of
 * the CPU of a warm logout, measured.
 */
export function hmacKeys(secrets: readonly KeyObject[]): readonly VerificationKey[] {
  return secrets.map((secret) => {
    // Node 20 leaves the import to jose.
    const imported = memoizeLast((algorithm: Algorithm) =>
      'toCryptoKey' in secret
        ? secret.toCryptoKey({ name: 'HMAC', hash: `SHA-${algorithm.slice(2)}` }, false, ['verify'])
        : secret,
    );
    return {
      kid: undefined,
      algorithms: hmacAlgorithms,
      keyFor: (algorithm, token) =>
        isSigned(token, secret, algorithm) ? imported(algorithm) : undefined,
    };
  });
}

/**
 * Whether a secret has signed a token. jose gets no forged one, as its refusal takes a thread and an exception
 * with a stack: two thirds of the CPU of a logout with a forged token, measured.
 */
function isSigned(token: string, secret: KeyObject, algorithm: Algorithm): boolean {
  const end = token.lastIndexOf('.');
  const signature = Buffer.from(token.slice(end + 1), 'base64url');
  const own = createHmac(`sha${algorithm.slice(2)}`, secret)
    .update(token.slice(0, end))
    .digest();
  return signature.length === own.length && timingSafeEqual(signature, own);
}

const ADVICE = 'make one with: openssl rand -base64 48';

function bytesOf(secret: string): Buffer | undefined {
  if (!secret.startsWith(BASE64_PREFIX)) return Buffer.from(secret);
  const text = secret.slice(BASE64_PREFIX.length);
  return /^[\w+/-]+={0,2}$/.test(text) ? Buffer.from(text, 'base64') : undefined;
}

function weakness(secret: string, bytes: Buffer): string | undefined {
  if (bytes.length < MIN_SECRET_BYTES)
    return `a secret of ${bytes.length} bytes, where at least ${MIN_SECRET_BYTES} are needed`;
  if (new Set(secret).size < MIN_SECRET_ALPHABET || new Set(bytes).size < MIN_SECRET_ALPHABET)
    return `a secret of fewer than ${MIN_SECRET_ALPHABET} different characters, which can be guessed`;
  const text = secret.replace(BASE64_PREFIX, '');
  const decoded = [Buffer.from(text, 'base64'), Buffer.from(text, 'hex')].map(String);
  for (const each of [text, ...decoded.filter((words) => /^[ -~]{16,}$/.test(words))]) {
    const problem = guessable(each);
    if (problem) return problem;
  }
  return undefined;
}

function guessable(text: string): string | undefined {
  if (PUBLISHED_SECRETS.has(text)) return 'a published example that anyone can sign with';
  const lower = text.toLowerCase();
  const letters = lower.replaceAll(/[^a-z0-9]/g, '');
  if (PLACEHOLDER.test(letters) || SHORT_PLACEHOLDER.test(lower))
    return 'a placeholder out of a sample file, which anyone can guess';
  if (predictable(letters) * 2 >= letters.length || /^(.{1,16})\1+.{0,15}$/.test(text))
    return 'a secret that is counted out or repeated, which can be guessed';
  return undefined;
}

/** How many characters continue a repetition or a count, up or down: `c` in `abc`, `1` in `321`. */
function predictable(text: string): number {
  const steps = [...text].map((character, index) => step(text[index - 1] ?? '', character));
  return steps.filter((each, index) => each !== undefined && each === steps[index - 1]).length;
}

/** From one character to the next: 0 for the same, 1 for the next in an order, -1 for the previous. */
function step(from: string, to: string): number | undefined {
  if (from === to) return 0;
  if (ORDERS.includes(from + to)) return 1;
  return ORDERS.includes(to + from) ? -1 : undefined;
}
