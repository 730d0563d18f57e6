/**
 * npm run deploy:rehearsal -- [--stage dev] [--region us-east-1]: deploys to the AWS that AWS_ENDPOINT_URL names, and compares
 * functions, roles, log groups and table with the packaged template. Refuses to run without an endpoint, so
 * that nobody rehearses on a real account.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runCommand, UsageError } from '../support/command-line.ts';
import { compare } from './rehearsal/compare.ts';
import { openClients, readDeployment } from './rehearsal/deployment.ts';
import { openStage } from './target.ts';

const SERVERLESS = fileURLToPath(new URL('../node_modules/.bin/serverless', import.meta.url));
const TEMPLATE = new URL(
  '../.serverless/cloudformation-template-update-stack.json',
  import.meta.url,
);
/** For packaging and deploying together, in milliseconds. */
const DEPLOY_TIMEOUT_MS = 180_000;

export async function rehearse(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: { stage: { type: 'string', default: 'dev' }, region: { type: 'string' } },
  });
  requireRehearsalEndpoint(process.env.AWS_ENDPOINT_URL);
  const { stack } = await openStage(values.stage, values.region);
  await deploy(values.stage);

  const { Resources } = JSON.parse(readFileSync(TEMPLATE, 'utf8'));
  const deployment = await readDeployment(openClients(), stack);
  const { lines, passed, failed, unread } = compare(Resources, deployment);
  for (const line of lines) process.stdout.write(`${line}\n`);
  process.stdout.write(`Checked in the template only: ${unread.join(', ')}\n`);
  process.stdout.write(`${passed} passed, ${failed} failed (stage ${values.stage})\n`);
  return failed > 0 ? 1 : 0;
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

if (import.meta.main) await runCommand(rehearse);
