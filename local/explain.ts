import { parseArgs } from 'node:util';
import { readConfiguration } from '../lib/auth/config.ts';
import { createIssuer } from '../lib/auth/services.ts';
import { openSessionStore } from '../lib/aws/dynamodb.ts';
import { redactor } from '../lib/observability/redact.ts';
import { type Environment, words } from '../lib/shared/environment.ts';
import { attempt, withCause } from '../support/attempt.ts';
import { portOption, runCommand } from '../support/command-line.ts';
import { examine } from '../support/examine-token.ts';
import { printable } from '../support/printable.ts';
import { proposeParameters } from '../support/propose-parameters.ts';
import { readOnlyStore } from '../support/read-only-store.ts';
import { readToken, refuseTokens } from '../support/read-token.ts';
import { checkLines, line, reasonOf } from '../support/token-checks.ts';
import { type Answers, explainSession } from './explain-session.ts';
import { targetEnvironment } from './target.ts';

const USAGE = `Says step by step what the service thinks of a token. It writes nothing, and prints no token.

  npm run --silent explain -- [--port 3000 | --stage dev [--region eu-west-1]] [--discover] < file-with-the-token

--discover asks the token's issuer for the URL of its keys, where the configuration does not fit the token.
Exits with 0 where /me would answer 200, with 1 where it would not, and with 2 after a wrong use.`;

export const USAGE_EXIT_CODE = 2;

export async function explain(args: readonly string[]): Promise<number> {
  refuseTokens(args);
  const { values } = parseArgs({
    args,
    options: {
      stage: { type: 'string' },
      region: { type: 'string' },
      port: { type: 'string' },
      discover: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  const port = portOption(values.port);
  const token = await readToken();
  const environment = await targetEnvironment({ stage: values.stage, region: values.region, port });
  const { lines, me, logout } = await answersTo(token, environment, values.discover);
  const { JWT_SECRET, JWT_SECRET_PARAMETER: parameter = '' } = environment;
  const redact = redactor('', [token, ...token.split('.'), ...words(JWT_SECRET), parameter]);
  for (const each of [...lines, line('', 'me', `${me}`), line('', 'logout', logout)])
    process.stdout.write(`${printable(redact(each))}\n`);
  return me === 200 ? 0 : 1;
}

async function answersTo(
  token: string,
  variables: Environment,
  discover: boolean,
): Promise<Answers> {
  const configuration = await attempt(() => readConfiguration(variables));
  if (configuration instanceof Error) return failed([], 'variables', configuration);
  const { sessionsTable, notBeforeMs, idleMs, issuers: settings } = configuration;
  const store = readOnlyStore(openSessionStore(sessionsTable, { notBeforeMs, idleMs }));
  const issuers = settings.map((each) => createIssuer(each, store));
  const examined = await examine(token, issuers);
  const { outcome, issuer } = examined;
  const lines = checkLines(examined);
  if (outcome instanceof Error || outcome.status === 'refused') {
    const proposed = await proposeParameters(examined, reasonOf(outcome), discover);
    const [me, logout] = outcome instanceof Error ? [500, '500'] : [401, '200, and ends nothing'];
    return { lines: [...lines, ...proposed], me, logout };
  }
  const adoption = issuer && issuers.find((each) => each === issuer)?.adoption;
  const answers = await attempt(() => explainSession(outcome, adoption));
  if (answers instanceof Error) return failed(lines, 'store', answers);
  return { ...answers, lines: [...lines, ...answers.lines] };
}

function failed(lines: readonly string[], what: string, error: Error): Answers {
  return { lines: [...lines, line('FAIL', what, withCause(error))], me: 500, logout: '500' };
}

if (import.meta.main) await runCommand(explain, USAGE_EXIT_CODE);
