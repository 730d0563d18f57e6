import { parseArgs } from 'node:util';
import { runCommand, UsageError, wholeNumber } from '../support/command-line.ts';
import { readRunFile } from '../support/run-file.ts';

/**
 * `eval "$(npm run --silent env)"`: the variables that a login service needs to reach the local run, as lines
 * for a shell: endpoint and credentials of the store, table, region, and the secret or key.
 */
export async function printVariables(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({ args, options: { port: { type: 'string', default: '3000' } } });
  const port = wholeNumber('--port', values.port, 65_535);
  const environment = readRunFile(port);
  if (!environment)
    throw new UsageError(
      `Nothing runs on port ${port}: start it with npm start, or name its --port`,
    );
  // A profile would win over the run's keys, and a session token does not belong to them.
  if (environment.AWS_ACCESS_KEY_ID) process.stdout.write('unset AWS_PROFILE AWS_SESSION_TOKEN\n');
  // boto3 reads this variable alone.
  const variables = { ...environment, AWS_DEFAULT_REGION: environment.AWS_REGION ?? '' };
  for (const [name, value] of Object.entries(variables))
    process.stdout.write(`export ${name}='${value.replaceAll("'", `'\\''`)}'\n`);
}

if (import.meta.main) await runCommand(printVariables);
