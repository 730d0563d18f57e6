import { readConfiguration } from '../../lib/auth/config.ts';
import type { Environment } from '../../lib/shared/environment.ts';
import { createKeySet } from '../../lib/tokens/key-source.ts';
import { type Verifier, verifyToken } from '../../lib/tokens/verify.ts';

/**
 * The verifier of a function with these variables about tokens.
 *
 * @param onStale told of refreshes that failed while older keys stayed in use
 */
export function verifierOf(variables: Environment, onStale?: (error: unknown) => void): Verifier {
  const { tokens } = readConfiguration({ SESSIONS_TABLE: 'sessions', ...variables });
  return { keys: createKeySet(tokens, onStale), issuer: tokens.issuer, audience: tokens.audience };
}

/** What becomes of a token: a status, or the reason of its refusal. */
export async function outcomeOf(token: string, verifier: Verifier): Promise<string> {
  const verification = await verifyToken(token, verifier);
  return verification.status === 'refused' ? verification.reason : verification.status;
}
