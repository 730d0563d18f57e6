import { globSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { unzip } from '../../support/unzip.ts';
import { runCommand } from '../support/commands.ts';
import { commandsOf, PAGES_OF_COMMANDS } from '../support/documents.ts';
import { openSharedStack, type SharedStack } from '../support/shared-stack/open.ts';

/** Of the documented commands that deploy. */
const parameters = PAGES_OF_COMMANDS.flatMap(commandsOf)
  .flatMap(
    ({ command }) => /^npm run deploy(.*)/.exec(command)?.[1]?.match(/--param "[^"]*"/g) ?? [],
  )
  .join(' ');
let directory: string;
let stack: SharedStack;
/** The bundles of the local run, before and after a packaging beside it. */
let bundles: readonly (readonly string[])[];
let template: string;
/** Every file that would be deployed, by its path in its function. */
const deployed = new Map<string, string>();

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'package-'));
  stack = await openSharedStack();
  const output = join(directory, 'package');
  const before = bundlesOf(stack);
  const packaged = await runCommand('bash', [
    ...['-c', `npm run package -- --stage dev ${parameters} --package "$0"`, output],
  ]);
  expect(packaged).toMatchObject({ code: 0 });
  bundles = [before, bundlesOf(stack)];
  template = readFileSync(join(output, 'cloudformation-template-update-stack.json'), 'utf8');
  for (const zip of globSync('*.zip', { cwd: output })) {
    const unpacked = join(directory, 'unpacked', zip);
    unzip(join(output, zip), unpacked);
    for (const file of globSync('**/*.*', { cwd: unpacked }))
      deployed.set(`${zip}/${file}`, readFileSync(join(unpacked, file), 'utf8'));
  }
});
afterAll(async () => {
  rmSync(directory, { recursive: true });
  await stack.close();
});

/** What a local run loads at the first call of a function, with its time of writing. */
function bundlesOf({ service }: SharedStack): readonly string[] {
  return globSync(`.esbuild/${service.port}/.build/handlers/*.cjs`).map(
    (file) => `${file} ${statSync(file).mtimeMs}`,
  );
}

test('packaging beside a running service leaves its functions alone', async () => {
  const [before = [], after] = bundles;
  expect(before.length).toBeGreaterThan(4);
  expect(after).toEqual(before);
  const response = await stack.service.fetch('/api/v1/auth/logout', {
    method: 'POST',
    headers: { Authorization: 'Bearer garbage' },
  });
  expect(await response.text()).toBe('{"message":"Successfully logged out"}');
});

test('the documented commands deploy what their pages say', () => {
  const { AuthorizerLambdaFunction, SessionsTable } = JSON.parse(template).Resources;
  expect(AuthorizerLambdaFunction.Properties.Environment.Variables).toMatchObject({
    OAUTH_CLIENTS_PARAMETER: '/true-logout/dev/oauth-clients',
    JWT_ISSUER: 'https://login.example.com',
    AUTHORIZER_CLAIMS: 'role groups',
  });
  expect(SessionsTable.Properties.TableName).toBe('true-logout-dev-sessions');
});

/** What only the console, and the plugin that opens it, say. */
const MARKS = ['console/rows', 'console/sessions', 'putConsoleInFront', 'local/console', 'swagger'];

test('no route of the console is deployed', () => {
  const routes = [...template.matchAll(/"RouteKey":\s*"([^"]+)"/g)].map(([, route]) => route);
  expect(routes).toContain('POST /api/v1/auth/logout');
  expect(
    routes.filter((route) => /^\w+ \/((console|docs).*)?$|\$default/.test(`${route}`)),
  ).toEqual([]);
});

test('no code and no file of the console is deployed, nor a source map of it', () => {
  const files = [...deployed.keys()];
  expect(files).toContain('logout.zip/handlers/logout.cjs');
  expect(files).toContain('logout.zip/handlers/logout.cjs.map');
  expect(files.filter((file) => !/\.cjs(\.map)?$/.test(file))).toEqual([]);
  for (const text of [template, ...deployed.values()])
    for (const mark of MARKS) expect(text.includes(mark)).toBe(false);
});
