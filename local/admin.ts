import { parseArgs } from 'node:util';
import {
  InvokeCommand,
  LambdaClient,
  LambdaServiceException,
  ResourceNotFoundException,
} from '@aws-sdk/client-lambda';
import { isObject, parseJson } from '../lib/shared/json.ts';
import { attempt } from '../support/attempt.ts';
import { portOption, runCommand, UsageError } from '../support/command-line.ts';
import { printable } from '../support/printable.ts';
import { enterLocalRun, openStage, type Target } from './target.ts';

const USAGE = `Lists and ends sessions of any user, by the function admin.

  npm run --silent admin -- list <user> [--limit 100] [--next <value of the page before>]
  npm run --silent admin -- end <user> <id of a session> --actor <who> --reason <why>
  npm run --silent admin -- end-all <user> --actor <who> --reason <why>

  --issuer <issuer>                  where the deployment has several
  --stage prod [--region eu-west-1]  a deployed stage; without it, the local run (--port 3000)

Prints the answer as JSON. Exits with 1 unless the sessions are listed, or over.`;

const OPERATIONS = ['list', 'end', 'end-all'];

export async function admin(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      ...{ actor: { type: 'string' }, reason: { type: 'string' }, issuer: { type: 'string' } },
      ...{ limit: { type: 'string' }, next: { type: 'string' } },
      ...{ stage: { type: 'string' }, region: { type: 'string' }, port: { type: 'string' } },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return void process.stdout.write(`${USAGE}\n`);
  const { stage, region, port, help: _, limit, ...members } = values;
  const [operation = '', user, session, ...others] = positionals;
  if (!OPERATIONS.includes(operation) || user === undefined || others.length > 0)
    throw new UsageError(USAGE);
  const payload = {
    ...{ operation, user, session, ...members },
    limit: limit === undefined ? undefined : Number(limit),
  };
  const functionName = await findFunction({ stage, region, port: portOption(port) });
  process.stdout.write(`${await invoke(functionName, payload)}\n`);
}

/** The name of the function; the SDK's clients of this process reach it from then on. */
async function findFunction({ stage, region, port }: Target): Promise<string> {
  if (stage !== undefined) return `${(await openStage(stage, region)).stack}-admin`;
  return `${enterLocalRun(port).LOCAL_STACK}-admin`;
}

/**
 * Invokes the function and waits for its answer.
 *
 * @returns JSON
 * @throws UsageError with the function's own reason, for an answer that is an error
 */
async function invoke(FunctionName: string, payload: object): Promise<string> {
  const command = new InvokeCommand({ FunctionName, Payload: JSON.stringify(payload) });
  const output = await attempt(() => new LambdaClient({}).send(command));
  if (output instanceof ResourceNotFoundException)
    throw new UsageError(`There is no function ${FunctionName}: is it deployed there?`);
  if (output instanceof LambdaServiceException)
    throw new UsageError(`${output.name}: ${output.message}`);
  if (output instanceof Error) throw output;
  const answer = parseJson(Buffer.from(output.Payload ?? []).toString());
  if (output.FunctionError !== undefined || output.StatusCode !== 200 || !isObject(answer)) {
    const { errorMessage = 'The function gave no answer' } = isObject(answer) ? answer : {};
    throw new UsageError(printable(String(errorMessage)));
  }
  return forTerminal(JSON.stringify(answer, null, 2));
}

/** Escapes within JSON what a terminal would act on: user agents are of clients. */
function forTerminal(json: string): string {
  return json.replaceAll(/(?!\n)[\p{C}\p{Zl}\p{Zp}]/gu, (character) =>
    character
      .split('')
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  );
}

if (import.meta.main) await runCommand(admin);
