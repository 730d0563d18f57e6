import { readConfiguration } from '../../lib/auth/config.ts';
import { createIssuer } from '../../lib/auth/services.ts';
import { openSessionStore } from '../../lib/aws/dynamodb.ts';
import type { Environment } from '../../lib/shared/environment.ts';
import { type Issuer, verifyToken } from '../../lib/tokens/verify.ts';

/**
 * The issuers of a function with these variables about tokens.
 *
 * @param onStale told of refreshes that failed while older keys stayed in use
 */
export function issuersOf(
  variables: Environment,
  onStale?: (error: unknown) => void,
): readonly Issuer[] {
  const { issuers } = readConfiguration({ SESSIONS_TABLE: 'sessions', ...variables });
  const store = openSessionStore('sessions');
  return issuers.map((issuer) => createIssuer(issuer, store, onStale));
}

/** The one issuer of these variables. */
export function issuerOf(variables: Environment, onStale?: (error: unknown) => void): Issuer {
  const [issuer] = issuersOf(variables, onStale);
  if (!issuer) throw new Error('The configuration has no issuer');
  return issuer;
}

/** What becomes of a token: a status, or the reason of its refusal. */
export async function outcomeOf(token: string, ...issuers: readonly Issuer[]): Promise<string> {
  const verification = await verifyToken(token, issuers);
  return verification.status === 'refused' ? verification.reason : verification.status;
}
