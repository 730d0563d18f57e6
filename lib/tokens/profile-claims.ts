/** Standard claims and their types (OpenID Connect Core, section 5.1). */
export const PROFILE_CLAIMS = {
  name: 'string',
  email: 'string',
  email_verified: 'boolean',
  preferred_username: 'string',
  picture: 'string',
} as const;

/** Picks a token's profile claims; a claim of the wrong type is left out. */
export function profileClaims(claims: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(PROFILE_CLAIMS)
      .filter(([name, type]) => Object.hasOwn(claims, name) && typeof claims[name] === type)
      .map(([name]) => [name, claims[name]]),
  );
}
