import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { runCommand } from '../support/commands.ts';
import { startService } from '../support/service.ts';

// One file, so that no two of these run at once: they share the folder that bundles are made in.

test('packaging beside a running service leaves its functions alone', async () => {
  const other = await startService();
  const directory = await mkdtemp(join(tmpdir(), 'package-'));
  const packaged = await runCommand('node_modules/.bin/serverless', [
    ...['package', '--package', directory],
  ]);
  const response = await other.fetch('/api/v1/auth/logout', {
    method: 'POST',
    headers: { Authorization: 'Bearer garbage' },
  });
  await rm(directory, { recursive: true });
  await other.stop();
  expect(packaged).toMatchObject({ code: 0 });
  expect(await response.text()).toBe('{"message":"Successfully logged out"}');
}, 90_000);

/** What is deployed with these options: zips, and the template's resources. */
async function packageWith(...options: readonly string[]) {
  const directory = await mkdtemp(join(tmpdir(), 'package-'));
  try {
    const { code, output } = await runCommand('node_modules/.bin/serverless', [
      ...['package', '--package', directory, ...options],
    ]);
    expect({ code, output }).toMatchObject({ code: 0 });
    const template = await readFile(join(directory, 'cloudformation-template-update-stack.json'));
    const { Resources } = JSON.parse(template.toString());
    const zips = (await readdir(directory)).filter((file) => file.endsWith('.zip'));
    return { zips, resources: Object.keys(Resources) };
  } finally {
    await rm(directory, { recursive: true });
  }
}

const PAGE = [
  ...['DocsLambdaFunction', 'DocsLambdaPermissionHttpApi', 'DocsLogGroup', 'DocsRole'],
  ...['HttpApiIntegrationDocs', 'HttpApiRouteGetDocs', 'HttpApiRouteGetDocsFileVar'],
];

test.each(['yes', 'True'])(
  'packaging with docsPage=%s fails, and names the parameter and its two values',
  async (value) => {
    const { code, output } = await runCommand('node_modules/.bin/serverless', [
      ...['package', '--param', `docsPage=${value}`],
    ]);
    expect(code).toBe(1);
    expect(output).toContain(
      `The parameter docsPage must be true or false, exactly; it is ${JSON.stringify(value)}`,
    );
  },
  60_000,
);

test('the page /docs is not in prod, unless the parameter says so', async () => {
  const without = await packageWith('--stage', 'prod');
  expect(without.zips).not.toContain('docs.zip');
  expect(without.zips).toContain('openapi.zip');
  expect(without.resources).toContain('OpenapiLambdaFunction');

  const page = await packageWith('--stage', 'prod', '--param', 'docsPage=true');
  expect(page.zips).toContain('docs.zip');
  expect(page.resources.filter((name) => !without.resources.includes(name)).sort()).toEqual(PAGE);
}, 180_000);
