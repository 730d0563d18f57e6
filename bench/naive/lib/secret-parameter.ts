import { SSMProvider } from '@aws-lambda-powertools/parameters/ssm';
import { SSMClient } from '@aws-sdk/client-ssm';
import { timeBudget } from '../../../lib/time-budget.ts';

export const SECRET_MAX_AGE_SECONDS = 300;

let provider: SSMProvider | undefined;

/** The plain way: SSM's client is bundled and loaded, wherever the secret is. */
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
