/** Standard claims of OpenID Connect Core, section 5.1, with the types that it gives them. */
export const PROFILE_CLAIMS = {
  name: 'string',
  email: 'string',
  email_verified: 'boolean',
  preferred_username: 'string',
  picture: 'string',
} as const;

/** Picks the profile claims that a token carries; one of another type than the standard's is left out. */
export function profileClaims(claims: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(PROFILE_CLAIMS)
      .filter(([name, type]) => Object.hasOwn(claims, name) && typeof claims[name] === type)
      .map(([name]) => [name, claims[name]]),
  );
}
