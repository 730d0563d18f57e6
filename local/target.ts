import {
  GetFunctionConfigurationCommand,
  LambdaClient,
  ResourceNotFoundException,
} from '@aws-sdk/client-lambda';
import type { Environment } from '../lib/shared/environment.ts';
import { attempt } from '../support/attempt.ts';
import { UsageError } from '../support/command-line.ts';
import { readRunFile } from '../support/run-file.ts';

/** Which service a command is about: a deployed stage, or the local run on a port. */
export interface Target {
  readonly stage?: string | undefined;
  /** Undefined stands for what the shell names, else for port 3000. */
  readonly port?: number | undefined;
}

/**
 * Finds the environment variables of a service: those that its `me` function has in a deployed stage,
 * those of the shell where it names a table, or those of the local run. A port that is named comes before
 * the shell.
 *
 * The SDK's own variables of a local run are set in this process too, so that its clients go there.
 *
 * @throws UsageError when nothing runs there, or no such stage is deployed
 */
export async function targetEnvironment({ stage, port }: Target): Promise<Environment> {
  if (stage !== undefined) return deployedEnvironment(stage);
  const shell = process.env.SESSIONS_TABLE ? process.env : undefined;
  const local = readRunFile(port ?? 3000);
  const environment = port === undefined ? (shell ?? local) : (local ?? shell);
  if (!environment)
    throw new UsageError(
      `Nothing runs on port ${port ?? 3000}: start it with npm start, or name a deployed stage with --stage`,
    );
  if (environment === local) Object.assign(process.env, local);
  return environment;
}

async function deployedEnvironment(stage: string): Promise<Environment> {
  const name = `true-logout-${stage}-me`;
  const client = new LambdaClient({});
  const found = await attempt(() =>
    client.send(new GetFunctionConfigurationCommand({ FunctionName: name })),
  );
  if (found instanceof ResourceNotFoundException)
    throw new UsageError(`No function ${name} in this account and region: is it deployed there?`);
  if (found instanceof Error) throw found;
  return found.Environment?.Variables ?? {};
}
