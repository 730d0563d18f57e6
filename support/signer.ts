import { readConfiguration } from '../lib/auth/config.ts';
import { readSecretParameter } from '../lib/aws/ssm.ts';
import type { Environment } from '../lib/shared/environment.ts';
import { parseSecrets } from '../lib/tokens/hmac-keys.ts';
import type { ServiceSigner } from './issue-token.ts';

/**
 * How to sign what a service with these variables accepts.
 *
 * @returns undefined where the service has only a public key, so that its login service alone can sign
 * @throws ConfigurationError, SecretParameterError
 */
export async function signerOf(environment: Environment): Promise<ServiceSigner | undefined> {
  const [only] = readConfiguration(environment).issuers;
  if (!only) return undefined;
  const { keySource, algorithms, issuer, audience } = only;
  const secrets =
    keySource.kind === 'secrets'
      ? keySource.secrets
      : keySource.kind === 'secret-parameter'
        ? parseSecrets(await readSecretParameter(keySource.name), 'JWT_SECRET_PARAMETER')
        : undefined;
  const [first] = secrets ?? [];
  if (first === undefined) return undefined;
  return {
    key: first,
    algorithm: algorithms[0] ?? 'HS256',
    issuer,
    audience: audience[0],
    partitionPrefix: only.partitionPrefix,
    rules: only,
  };
}
