import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import type { parameterSource as ours } from '../../../../lib/aws/ssm.ts';
import { cacheSource } from '../../../../lib/shared/refresh.ts';
import { timeouts } from '../../../../lib/shared/timeouts.ts';

const MAX_AGE_MS = 300_000;

export const parameterSource: typeof ours = (name, variable, parse, onStale) =>
  cacheSource(async () => parse(await readSecretParameter(name), variable), MAX_AGE_MS, onStale);

/** The plain way: the client as the SDK's guide makes it, bundled and loaded wherever the secret is. */
async function readSecretParameter(name: string): Promise<string> {
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
