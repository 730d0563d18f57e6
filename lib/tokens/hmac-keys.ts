import { ConfigurationError } from '../shared/environment.ts';

/** Shortest secret, in bytes: the hash size of HS256 (RFC 7518, section 3.2). */
export const MIN_SECRET_BYTES = 32;
/** Most secrets at once: each costs a signature check for every forged token. */
export const MAX_SECRETS = 4;
/** Fewest different characters of a secret; 32 random hex digits have fewer once in some 10^7. */
export const MIN_SECRET_ALPHABET = 8;

/** Secrets of tutorials and sample files, long enough but known to everybody. */
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
  // Counted out to 32 characters, as tests and sample files do
  'abcdefghijklmnopqrstuvwxyz123456',
  'abcdefghijklmnopqrstuvwxyz0123456789',
  '0123456789abcdef0123456789abcdef',
  '01234567890123456789012345678901',
  '12345678901234567890123456789012',
]);

/**
 * Words of placeholders without their separators: `your-super-secret-jwt-key`,
 * `CHANGE_ME_IN_PRODUCTION`, `at_least_32_characters`. 64 random base64 characters hold such words less
 * than once in some 10^6.
 */
const PLACEHOLDER =
  /supersecret|secretkey|secretjwt|jwtsecret|mysecret|yoursecret|change(me|this|in|it)|example|32(char|byte)|256bit/;

/**
 * Splits and checks HMAC secrets, several separated by white space while rotating; the first signs.
 *
 * @param variable the variable to name when a secret is refused
 * @throws ConfigurationError for none, too many, short, low-entropy or published secrets
 */
export function parseSecrets(text: string, variable: string): readonly string[] {
  const secrets = text.split(/\s+/).filter((secret) => secret !== '');
  if (secrets.length === 0) throw new ConfigurationError(variable, `holds no secret; ${ADVICE}`);
  if (secrets.length > MAX_SECRETS)
    throw new ConfigurationError(
      variable,
      `holds ${secrets.length} secrets separated by spaces; keep at most ${MAX_SECRETS} while rotating`,
    );
  secrets.forEach((secret, index) => {
    const problem = weakness(secret);
    const which = secrets.length > 1 ? ` (secret ${index + 1} of ${secrets.length})` : '';
    if (problem) throw new ConfigurationError(variable, `holds ${problem}${which}; ${ADVICE}`);
  });
  return secrets;
}

const ADVICE = 'make one with: openssl rand -base64 48';

function weakness(secret: string): string | undefined {
  const bytes = Buffer.byteLength(secret);
  if (bytes < MIN_SECRET_BYTES)
    return `a secret of ${bytes} bytes, where at least ${MIN_SECRET_BYTES} are needed`;
  if (PUBLISHED_SECRETS.has(secret)) return 'a published example that anyone can sign with';
  if (PLACEHOLDER.test(secret.toLowerCase().replaceAll(/[^a-z0-9]/g, '')))
    return 'a placeholder out of a sample file, which anyone can guess';
  if (new Set(secret).size < MIN_SECRET_ALPHABET)
    return `a secret of fewer than ${MIN_SECRET_ALPHABET} different characters, which can be guessed`;
  return undefined;
}
