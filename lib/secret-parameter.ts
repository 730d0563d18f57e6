import { setTimeout as pause } from 'node:timers/promises';
import { SSMProvider } from '@aws-lambda-powertools/parameters/ssm';
import { SSMClient } from '@aws-sdk/client-ssm';
import { timeBudget } from './time-budget.ts';

/** How long a secret is used before SSM is asked again, in seconds: a rotation takes this long to arrive. */
export const SECRET_MAX_AGE_SECONDS = 300;

/** The secret could not be had, so nothing can be said about the token. The cause is SSM's or the SDK's. */
export class SecretParameterError extends Error {
  override readonly name = 'SecretParameterError';
}

let provider: SSMProvider | undefined;

/**
 * Reads the value of an SSM SecureString, cached for {@link SECRET_MAX_AGE_SECONDS}.
 *
 * @returns the empty string for a parameter without a value
 * @throws SecretParameterError when SSM refuses, or does not answer in time
 */
export async function readSecretParameter(name: string): Promise<string> {
  provider ??= new SSMProvider({
    awsSdkV3Client: new SSMClient({
      maxAttempts: 2,
      requestHandler: {
        connectionTimeout: timeBudget.connectMs,
        requestTimeout: timeBudget.secretMs / 2,
        throwOnRequestTimeout: true,
      },
    }),
  });
  const timer = new AbortController();
  const reading = provider.get(name, { decrypt: true, maxAge: SECRET_MAX_AGE_SECONDS });
  try {
    return (await Promise.race([reading, tooLate(timer.signal)])) ?? '';
  } catch (cause) {
    // The name is not quoted: the secret itself may have been put in its place.
    throw new SecretParameterError(
      'The secret that JWT_SECRET_PARAMETER names could not be read from SSM',
      { cause },
    );
  } finally {
    timer.abort();
  }
}

/** Powertools passes no abort signal on, and the SDK's time-outs count each attempt by itself. */
async function tooLate(signal: AbortSignal): Promise<never> {
  await pause(timeBudget.secretMs, undefined, { ref: false, signal });
  throw new Error(`SSM did not answer within ${timeBudget.secretMs} ms`);
}
