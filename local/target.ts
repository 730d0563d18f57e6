import { GetFunctionConfigurationCommand, LambdaClient } from '@aws-sdk/client-lambda';
import type { Environment } from '../lib/environment.ts';
import { readRunFile } from './run-file.ts';

/** A mistake in how a command was called, or in what it was pointed at. */
export class UsageError extends Error {}

/** Which service a command is about: a deployed stage, or the local run on a port. */
export interface Target {
  readonly stage?: string | undefined;
  readonly port: number;
}

/**
 * Finds the environment variables of a service: those that its `me` function has in a deployed stage,
 * those of the shell where it names a table, else those of the local run.
 *
 * The SDK's own variables of a local run are set in this process too, so that its clients go there.
 *
 * @throws UsageError when nothing runs there
 */
export async function targetEnvironment({ stage, port }: Target): Promise<Environment> {
  if (stage !== undefined) return deployedEnvironment(stage);
  if (process.env.SESSIONS_TABLE) return process.env;
  const environment = readRunFile(port);
  if (!environment)
    throw new UsageError(
      `Nothing runs on port ${port}: start it with npm start, or name a deployed stage with --stage`,
    );
  Object.assign(process.env, environment);
  return environment;
}

async function deployedEnvironment(stage: string): Promise<Environment> {
  const name = `true-logout-${stage}-me`;
  const client = new LambdaClient({});
  const { Environment: deployed } = await client.send(
    new GetFunctionConfigurationCommand({ FunctionName: name }),
  );
  return deployed?.Variables ?? {};
}

/** Runs a command; a mistake in its use is one line, anything else has its trace. */
export async function runCommand(command: () => Promise<void>): Promise<void> {
  try {
    await command();
  } catch (error) {
    const expected =
      error instanceof UsageError ||
      (error instanceof Error &&
        ('code' in error
          ? String(error.code).startsWith('ERR_PARSE_ARGS')
          : error.name === 'ConfigurationError'));
    process.stderr.write(`${expected ? error.message : describe(error)}\n`);
    process.exitCode = 1;
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
