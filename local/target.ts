import { fileURLToPath } from 'node:url';
import {
  GetFunctionConfigurationCommand,
  LambdaClient,
  ResourceNotFoundException,
} from '@aws-sdk/client-lambda';
import { requireStage } from '../infra/parameters.ts';
import { findRegion, NO_REGION } from '../infra/region.ts';
import type { Environment } from '../lib/shared/environment.ts';
import { attempt } from '../support/attempt.ts';
import { UsageError } from '../support/command-line.ts';
import { readRunFile } from '../support/run-file.ts';
import { readServiceName, readStages } from '../support/service-file.ts';

/** Which service a command is about: a deployed stage, or the local run on a port. */
export interface Target {
  readonly stage?: string | undefined;
  /** Of the stage; undefined stands for what the shell or the profile names. */
  readonly region?: string | undefined;
  /** Undefined stands for what the shell names, else for port 3000. */
  readonly port?: number | undefined;
}

/** A deployed stage. */
export interface Stage {
  /** Name of the stack, which begins the names of its functions and of their log groups. */
  readonly stack: string;
  readonly region: string;
}

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/**
 * Finds the environment variables of a service: those that its `me` function has in a deployed stage,
 * those of the shell where it names a table, or those of the local run. A port that is named comes before
 * the shell.
 *
 * The SDK's own variables of a local run are set in this process too, so that its clients go there.
 *
 * @throws UsageError when nothing runs there, or no such stage is deployed
 */
export async function targetEnvironment({ stage, region, port }: Target): Promise<Environment> {
  if (stage !== undefined) return deployedEnvironment(await openStage(stage, region));
  const shell = process.env.SESSIONS_TABLE ? process.env : undefined;
  const isLocal = readRunFile(port ?? 3000) !== undefined;
  return shell && (port === undefined || !isLocal) ? shell : enterLocalRun(port);
}

/**
 * Has the SDK's clients of this process ask the local run on a port.
 *
 * @throws UsageError when nothing runs there
 */
export function enterLocalRun(port = 3000): Environment {
  const run = readRunFile(port);
  if (!run)
    throw new UsageError(
      `Nothing runs on port ${port}: start it with npm start, or name a deployed stage with --stage`,
    );
  delete process.env.AWS_PROFILE; // the SDK would prefer it to the run's keys
  Object.assign(process.env, run);
  return run;
}

/**
 * Has the SDK's clients of this process ask the stage's region, and says on standard error which one.
 *
 * @throws UsageError where no region is named; ParameterError for a stage that stages.yml does not have
 */
export async function openStage(stage: string, option: string | undefined): Promise<Stage> {
  requireStage(readStages(ROOT), stage);
  const region = await findRegion(option);
  if (!region) throw new UsageError(NO_REGION);
  process.env.AWS_REGION = region;
  const stack = `${readServiceName(ROOT)}-${stage}`;
  process.stderr.write(`${stack} in ${region}\n`);
  return { stack, region };
}

async function deployedEnvironment({ stack, region }: Stage): Promise<Environment> {
  const client = new LambdaClient({});
  const FunctionName = `${stack}-me`;
  const found = await attempt(() =>
    client.send(new GetFunctionConfigurationCommand({ FunctionName })),
  );
  if (found instanceof ResourceNotFoundException)
    throw new UsageError(
      `${stack} is not deployed in ${region}: it has no function ${FunctionName}`,
    );
  if (found instanceof Error) throw found;
  return found.Environment?.Variables ?? {};
}
