import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { DependencyError } from '../shared/dependency-error.ts';
import { memoizeLast } from '../shared/memoize.ts';
import { cacheSource, type Source } from '../shared/refresh.ts';
import { type Deadline, startDeadline, timeouts } from '../shared/timeouts.ts';
import { clientSettings } from './client-settings.ts';

/**
 * SSM could not be asked, so nothing is known about the token. The message has the variable; the name in SSM's
 * own words is redacted (lib/observability/settings.ts), as a secret may have been put in its place.
 */
export class SecretParameterError extends DependencyError {
  override readonly name = 'SecretParameterError';
}

/** Age at which a cached parameter is read again, in milliseconds. */
export const SECRET_MAX_AGE_MS = 300_000;

/**
 * Caches the parsed value of an SSM SecureString.
 *
 * @param variable that names the parameter, for the message of an error
 * @param onStale called when a refresh fails and an older value stays in use
 */
export function parameterSource<Value>(
  name: string,
  variable: string,
  parse: (text: string, variable: string) => Value,
  onStale: (error: unknown) => void,
): Source<Value> {
  // A refresh mostly brings the same text, whose keys are imported already.
  const parsed = memoizeLast((text: string) => parse(text, variable));
  const read = async () => parsed(await readSecretParameter(name, variable));
  return cacheSource(read, SECRET_MAX_AGE_MS, onStale);
}

/**
 * Reads the value of an SSM SecureString.
 *
 * @param variable that names the parameter, for the message of an error
 * @throws SecretParameterError when SSM refuses, answers without a value, or does not answer in {@link timeouts}.secretMs
 */
export async function readSecretParameter(
  name: string,
  variable = 'JWT_SECRET_PARAMETER',
): Promise<string> {
  using deadline = startDeadline(timeouts.secretMs);
  try {
    return await ask(name, deadline);
  } catch (error) {
    // A deadline's own error has the limit; the SDK's has not.
    const { aborted, reason } = deadline.abortSignal;
    const request = `SSM GetParameter of the name in ${variable}`;
    throw new SecretParameterError(request, aborted ? reason : error);
  }
}

async function ask(name: string, deadline: Deadline): Promise<string> {
  const command = new GetParameterCommand({ Name: name, WithDecryption: true });
  const { Parameter } = await client().send(command, deadline);
  // SSM has no empty values: such an answer is no secret.
  if (!Parameter?.Value) throw new Error('SSM’s answer does not hold a value');
  return Parameter.Value;
}

const client = /* @__PURE__ */ memoizeLast<void, SSMClient>(
  () => new SSMClient(clientSettings('1.1', 2)),
);
