import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { timeouts } from '../../../../lib/shared/timeouts.ts';

/** The plain way: the client as the SDK's guide makes it, bundled and loaded wherever the secret is. */
export async function readSecretParameter(name: string): Promise<string> {
  const client = new SSMClient({
    maxAttempts: 2,
    requestHandler: {
      connectionTimeout: timeouts.connectMs,
      requestTimeout: timeouts.secretMs / 2,
      throwOnRequestTimeout: true,
    },
  });
  const { Parameter } = await client.send(
    new GetParameterCommand({ Name: name, WithDecryption: true }),
  );
  return Parameter?.Value ?? '';
}
