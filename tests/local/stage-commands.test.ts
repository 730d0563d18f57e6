import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { findError } from '../../local/find-error.ts';
import { printPseudonym } from '../../local/hash-id.ts';
import { smoke } from '../../local/smoke.ts';
import { token } from '../../local/token.ts';
import { removeRunLog } from '../../support/run-log.ts';
import { type CommandResult, callCommand, runCommand } from '../support/commands.ts';
import { type FakeStage, startFakeStage } from '../support/fake-aws.ts';

const ID = randomUUID();
/** What clients sent, with a bell, a colour, and a line of its own. */
const LINE = JSON.stringify({
  error_id: ID,
  path: '/a\u0007\u001b[31mred\u009b\u202e',
  trace: 'Error\n    at x',
});

let stage: FakeStage;
beforeAll(async () => {
  stage = await startFakeStage('dev', { SESSIONS_TABLE: 'sessions' }, () => [LINE]);
});
afterAll(() => stage.close());

const commands = {
  ...{ token, smoke },
  ...{ 'hash-id': printPseudonym, 'find-error': findError },
};

/** Runs a command as somebody whom no file in the home directory helps. */
function run(
  command: keyof typeof commands,
  args: readonly string[],
  environment = {},
): Promise<CommandResult> {
  return callCommand(commands[command], args, {
    ...{ AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'y', AWS_CONFIG_FILE: '/nowhere' },
    ...{ AWS_REGION: '', AWS_DEFAULT_REGION: '', AWS_PROFILE: '', SESSIONS_TABLE: '' },
    ...{
      AWS_ENDPOINT_URL_LAMBDA: stage.endpoint,
      AWS_ENDPOINT_URL_CLOUDWATCH_LOGS: stage.endpoint,
    },
    ...environment,
  });
}

const WEST = { AWS_DEFAULT_REGION: 'eu-west-1' };
const SMOKE = ['--url', 'https://api.example'];

test.each([
  ['token', []],
  ['hash-id', ['alice']],
  ['find-error', [ID]],
  ['smoke', SMOKE],
] as const)('%s without a region is one line, and asks nobody', async (command, args) => {
  expect(await run(command, [...args, '--stage', 'dev'])).toEqual({
    code: 1,
    output: 'No region: give --region, or set AWS_REGION, or a region of the profile\n',
  });
});

test.each([
  [[], 'eu-west-1'],
  [['--region', 'sa-east-1'], 'sa-east-1'],
])('a command says which stack and region it asks: %j', async (option, region) => {
  const { code, output } = await run('hash-id', ['alice', '--stage', 'dev', ...option], WEST);
  expect(output).toMatch(new RegExp(`^true-logout-dev in ${region}\n[\\da-f]{16}\n$`));
  expect(code).toBe(0);
});

test.each([
  [
    'hash-id',
    ['alice', '--stage', 'prd'],
    'There is no stage prd in stages.yml: did you mean prod?',
  ],
  ['hash-id', ['alice', '--stage', 'prod'], /true-logout-prod is not deployed in eu-west-1/],
  ['find-error', ['dev', '--stage', ID], 'Give one error id, as X-Error-ID has it'],
  ['find-error', [ID, '--stage', 'Prod'], 'did you mean prod?'],
] as const)('%s %j is one line', async (command, args, message) => {
  const { code, output } = await run(command, args, WEST);
  expect(code).toBe(1);
  const said = output.replace(/^true-logout-prod in eu-west-1\n/, '');
  expect(said).toMatch(message);
  expect(said).not.toMatch(/ {4}at |\n./);
});

test('credentials that are missing are one line', async () => {
  const nobody = {
    ...{ AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '', AWS_EC2_METADATA_DISABLED: 'true' },
    AWS_SHARED_CREDENTIALS_FILE: '/nowhere',
  };
  const { code, output } = await run('hash-id', ['alice', '--stage', 'dev'], {
    ...WEST,
    ...nobody,
  });
  expect(code).toBe(1);
  expect(output).toMatch(
    /^true-logout-dev in eu-west-1\nAWS refuses: CredentialsProviderError: .*\n$/,
  );
});

test('find-error writes control characters out, and keeps the lines of a trace', async () => {
  const { code, output } = await run('find-error', [ID, '--stage', 'dev'], WEST);
  expect(code).toBe(0);
  expect(output).toContain(String.raw`/a\u{7}\u{1b}[31mred\u{9b}\u{202e}`);
  expect(output).toMatch(/^trace +Error\n {17}at x$/m);
  expect(output).not.toMatch(/[^\P{C}\n]/u);
});

test('find-error ends quietly where its reader is gone', async () => {
  const environment = { ...WEST, NODE: process.execPath, ID };
  const script = 'set -o pipefail; "$NODE" local/find-error.ts "$ID" --stage dev | :';
  const { code, output } = await runCommand('bash', ['-c', script], {
    ...{ AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'y' },
    ...{ AWS_ENDPOINT_URL_CLOUDWATCH_LOGS: stage.endpoint },
    ...environment,
  });
  expect(code).toBe(0);
  expect(output).toBe('true-logout-dev in eu-west-1\n');
});

test('find-error still finds what the run before the last start has logged', async () => {
  const port = 2;
  const start = (line: string) =>
    runCommand(process.execPath, [
      ...['--input-type=module', '-e'],
      `import { keepRunLog } from './support/run-log.ts'; keepRunLog(${port}); console.log('${line}');`,
    ]);
  try {
    await start(`{"error_id":"${ID}"}`);
    await start('{}');
    const found = await run('find-error', [ID, '--port', `${port}`]);
    expect(found).toEqual({ code: 0, output: `error_id     ${ID}\n` });
  } finally {
    removeRunLog(port);
  }
});
