import { parseArgs } from 'node:util';
import { hashId } from '../lib/observability/hash-id.ts';
import { logSalt } from '../lib/observability/settings.ts';
import { portOption, runCommand, UsageError } from '../support/command-line.ts';
import { targetEnvironment } from './target.ts';

/** `npm run --silent hash-id -- <sub or jti> [--stage dev]`: what stands for it in the log. */
export async function printPseudonym(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { stage: { type: 'string' }, region: { type: 'string' }, port: { type: 'string' } },
  });
  const [value] = positionals;
  if (value === undefined || positionals.length !== 1)
    throw new UsageError('Give one sub or jti: npm run --silent hash-id -- alice [--stage dev]');
  const environment = await targetEnvironment({
    stage: values.stage,
    region: values.region,
    port: portOption(values.port),
  });
  process.stdout.write(`${hashId(value, logSalt(environment))}\n`);
}

if (import.meta.main) await runCommand(printPseudonym);
