import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { startDeadline, timeouts } from '../shared/timeouts.ts';
import { awsJson } from './aws-json.ts';
import { Sha256 } from './sha256.ts';

/** Life of a secret in the cache, in seconds: the longest delay of a rotation. */
export const SECRET_MAX_AGE_SECONDS = 300;

/** SSM could not be asked, so nothing is known about the token. The cause is SSM's or the SDK's error. */
export class SecretParameterError extends Error {
  override readonly name = 'SecretParameterError';
}

/** The last request to SSM, answered or under way; concurrent tokens share its answer. */
let last:
  | { readonly name: string; readonly askedAtMs: number; readonly value: Promise<string> }
  | undefined;

/**
 * Reads the value of an SSM SecureString, kept for {@link SECRET_MAX_AGE_SECONDS}.
 *
 * @throws SecretParameterError when SSM refuses, answers without a value, or does not answer in {@link timeouts}.secretMs
 */
export async function readSecretParameter(name: string): Promise<string> {
  const now = Date.now();
  if (last?.name !== name || now - last.askedAtMs > SECRET_MAX_AGE_SECONDS * 1_000)
    last = { name, askedAtMs: now, value: ask(name) };
  const asked = last;
  try {
    return await asked.value;
  } catch (cause) {
    if (last === asked) last = undefined;
    // The message does not quote the name, as a secret may have been put in its place; the cause is redacted.
    throw new SecretParameterError(
      'The secret that JWT_SECRET_PARAMETER names could not be read from SSM',
      { cause },
    );
  }
}

let client: SSMClient | undefined;

async function ask(name: string): Promise<string> {
  client ??= new SSMClient({
    protocol: awsJson('1.1'),
    sha256: Sha256,
    retryMode: 'standard',
    maxAttempts: 2,
    requestHandler: {
      connectionTimeout: timeouts.connectMs,
      requestTimeout: timeouts.secretMs / 2,
      throwOnRequestTimeout: true,
    },
  });
  using deadline = startDeadline(timeouts.secretMs);
  try {
    const command = new GetParameterCommand({ Name: name, WithDecryption: true });
    const { Parameter } = await client.send(command, deadline);
    // SSM has no empty values: such an answer is not cached.
    if (!Parameter?.Value) throw new Error('SSM’s answer does not hold a value');
    return Parameter.Value;
  } catch (error) {
    deadline.abortSignal.throwIfAborted(); // its error has the limit, the SDK's has not
    throw error;
  }
}
