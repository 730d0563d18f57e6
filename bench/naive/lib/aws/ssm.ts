import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { timeouts } from '../../../../lib/shared/timeouts.ts';

export const SECRET_MAX_AGE_SECONDS = 300;

let client: SSMClient | undefined;
let value: Promise<string> | undefined;

/** The plain way: the client as the SDK's guide makes it, bundled and loaded wherever the secret is. */
export async function readSecretParameter(name: string): Promise<string> {
  client ??= new SSMClient({
    maxAttempts: 2,
    requestHandler: {
      connectionTimeout: timeouts.connectMs,
      requestTimeout: timeouts.secretMs / 2,
      throwOnRequestTimeout: true,
    },
  });
  value ??= client
    .send(new GetParameterCommand({ Name: name, WithDecryption: true }))
    .then(({ Parameter }) => Parameter?.Value ?? '');
  return value;
}
