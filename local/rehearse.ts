/**
 * npm run deploy:rehearsal -- [--stage dev|prod]: deploys to the AWS that AWS_ENDPOINT_URL names, and looks
 * at what is there. It refuses to run without one, so that nobody rehearses on a real account.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runCommand, UsageError } from '../support/command-line.ts';
import { checkApi, checker, checkFunctions, checkOperations } from './rehearsal/checks.ts';
import { STAGES } from './rehearsal/expected.ts';
import { DROPPED_BY_MOTO, openClients, readStack, type Stack } from './rehearsal/stack.ts';
import { checkTable } from './rehearsal/table-checks.ts';

const SERVERLESS = fileURLToPath(new URL('../node_modules/.bin/serverless', import.meta.url));
/** For packaging and deploying together, in milliseconds. */
const DEPLOY_TIMEOUT_MS = 180_000;

async function rehearse(): Promise<void> {
  const { values } = parseArgs({ options: { stage: { type: 'string', default: 'dev' } } });
  const stage = STAGES.find((each) => each === values.stage);
  if (!stage) throw new UsageError(`--stage takes one of ${STAGES.join(', ')}`);
  requireRehearsalEndpoint(process.env.AWS_ENDPOINT_URL);
  await deploy(stage);

  const clients = openClients();
  const stack = await readStack(clients, `true-logout-${stage}`);
  const { check, counts } = checker((line) => process.stdout.write(`${line}\n`));
  check('stack', /^(CREATE|UPDATE)_COMPLETE$/.test(stack.status), true);
  await checkFunctions(clients, stack, stage, check);
  await checkTable(clients, stack, stage, check);
  checkApi(stack, stage, check);
  await checkOperations(clients, stack, stage, check);
  process.stdout.write(onlyInTemplate(stack));
  process.stdout.write(`${counts.passed} passed, ${counts.failed} failed (stage ${stage})\n`);
  if (counts.failed > 0) process.exitCode = 1;
}

/** @throws UsageError */
function requireRehearsalEndpoint(endpoint: string | undefined): void {
  if (!endpoint || !URL.canParse(endpoint))
    throw new UsageError(
      'AWS_ENDPOINT_URL names no AWS to rehearse on, such as a local moto server',
    );
  if (/\.(amazonaws|amazonaws\.com|api\.aws)(\.\w+)?$/.test(new URL(endpoint).hostname))
    throw new UsageError('AWS_ENDPOINT_URL names the real AWS: rehearse on another one');
}

async function deploy(stage: string): Promise<void> {
  const child = spawn(SERVERLESS, ['deploy', '--stage', stage], {
    stdio: 'inherit',
    timeout: DEPLOY_TIMEOUT_MS,
  });
  const [code, signal] = await once(child, 'exit');
  if (code !== 0) throw new UsageError(`The deployment failed (${signal ?? `exit ${code}`})`);
}

/** Servers for rehearsals lack some types: of these, only what was asked for is known. */
function onlyInTemplate({ template, made, isMoto }: Stack): string {
  const missing = [...typesNotMade({ template, made }), ...(isMoto ? [DROPPED_BY_MOTO] : [])];
  if (missing.length === 0) return '';
  return `Checked in the deployed template only, as this AWS does not make it:\n${missing.map((each) => `  ${each}\n`).join('')}`;
}

/** Types of which a resource that no condition leaves out is not there. */
function typesNotMade({ template, made }: Pick<Stack, 'template' | 'made'>): readonly string[] {
  const types = Object.entries(template)
    .filter(([id, { Condition }]) => Condition === undefined && !made.has(id))
    .map(([, { Type }]) => Type);
  return [...new Set(types)].sort();
}

await runCommand(rehearse);
