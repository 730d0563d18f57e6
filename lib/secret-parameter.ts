import { SSMProvider } from '@aws-lambda-powertools/parameters/ssm';
import { SSMClient } from '@aws-sdk/client-ssm';
import { timeBudget } from './time-budget.ts';

/** How long a secret is used before SSM is asked again, in seconds: a rotation takes this long to arrive. */
export const SECRET_MAX_AGE_SECONDS = 300;

let provider: SSMProvider | undefined;

/**
 * Reads the value of an SSM SecureString, cached for {@link SECRET_MAX_AGE_SECONDS}.
 *
 * @throws GetParameterError when SSM does not answer, or refuses
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
  const value = await provider.get(name, { decrypt: true, maxAge: SECRET_MAX_AGE_SECONDS });
  return value ?? '';
}
