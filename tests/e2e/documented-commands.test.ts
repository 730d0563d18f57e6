/**
 * Every command in the code blocks of these pages is run as a reader pastes it, in one shell, against a
 * local run. The exceptions are named in tests/support/not-run-here.ts, with their reasons, and checked as far as
 * possible.
 */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { commandsOf, onPort, PAGES_OF_COMMANDS } from '../support/documents.ts';
import { type FakeStage, startFakeStage } from '../support/fake-aws.ts';
import { NOT_RUN_HERE } from '../support/not-run-here.ts';
import { useSharedStack } from '../support/shared-stack/open.ts';
import { runInOneShell, type ShellResult } from '../support/shell-session.ts';

const documented = PAGES_OF_COMMANDS.flatMap((page) =>
  commandsOf(page).map((command) => ({ page, ...command })),
);
const toRun = documented.filter(({ command }) => !(command in NOT_RUN_HERE));

const { stack, service, wire } = useSharedStack({ wired: true });
let stage: FakeStage;
/** Of the curl lines that the start has printed; before the pages' commands, which end all of alice's sessions. */
const printedStatuses: number[] = [];
let results: readonly ShellResult[] = [];

beforeAll(async () => {
  const [, token] = /TOKEN=(\S+)/.exec(service.started) ?? [];
  for (const [, post, url = ''] of printedLines()) {
    const init = { method: post ? 'POST' : 'GET', headers: { Authorization: `Bearer ${token}` } };
    printedStatuses.push((await service.fetch(url, init)).status);
  }
  stage = await startFakeStage('dev', service.environment, service.log);
  results = await runInOneShell(
    toRun.map(({ command }) => onPort(command, service.port)),
    {
      ...service.environment,
      ERROR_ID: await failOnce(),
      API_URL: service.url,
      // What asks a deployed stage asks one on loopback.
      AWS_ENDPOINT_URL_LAMBDA: stage.endpoint,
      AWS_ENDPOINT_URL_CLOUDWATCH_LOGS: stage.endpoint,
    },
  );
}, 300_000);
afterAll(() => stage?.close());

const printedLines = () => [
  ...service.started.matchAll(/curl -i .*?(-X POST )?(http\S+) +# (\d+):/g),
];

/** Makes a logout fail over a broken store, and answers the error id. */
async function failOnce(): Promise<string> {
  const { token } = await stack.issue();
  await wire.fault('access-denied');
  const { headers, status } = await service.ask('POST', 'logout', token);
  await wire.clear();
  return headers.get('x-error-id') ?? `none, but status ${status}`;
}

test('the curl lines that a start prints give what they promise', () => {
  expect(printedStatuses).toEqual([200, 200, 401]);
  expect(printedLines().map(([, , , promised]) => Number(promised))).toEqual(printedStatuses);
});

test('there are commands to run, most of all in the README', () => {
  expect(toRun.filter(({ page }) => page === 'README.md').length).toBeGreaterThan(10);
});

test('every curl line says what it will get', () => {
  const curls = toRun.filter(({ command }) => command.startsWith('curl '));
  expect(curls.filter(({ status }) => status === undefined)).toEqual([]);
});

test.each(toRun.map(({ page, command, status }, index) => [page, command, status, index] as const))(
  '%s: %s',
  (_page, _command, status, index) => {
    expect(results[index]).toMatchObject({ code: 0, ...(status && { status }) });
  },
);

test('what the commands print is what the pages say of them', () => {
  const printed = (part: string) => results.find(({ command }) => command.includes(part))?.output;
  expect(printed('--sub bob')).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/m);
  expect(printed('smoke -- --url http')).toContain('6 passed, 0 failed');
  expect(printed('"$API_URL" --stage dev')).toContain('6 passed, 0 failed');
  expect(printed(`find-error -- "$ERROR_ID" --port`)).toMatch(/^error_type +StoreError/m);
  expect(printed('find-error -- "$ERROR_ID" --stage dev')).toMatch(
    /^log_group +\/aws\/lambda\/true-logout-dev-logout$/m,
  );
});

describe('a command that is not run here', () => {
  test.each(
    Object.entries(NOT_RUN_HERE).map(([command, { why, check }]) => [command, why, check] as const),
  )('%s, as %s', async (command, _why, check) => {
    expect(documented.map((each) => each.command)).toContain(command);
    await check(command);
  });
});

test('every local page that the README opens is there', async () => {
  const links = [
    ...readFileSync('README.md', 'utf8').matchAll(/<(http:\/\/localhost:3000\/\S*)>/g),
  ];
  const paths = links.map(([, link = '']) => new URL(link).pathname);
  expect(paths).toEqual(expect.arrayContaining(['/', '/docs', '/openapi.json']));
  // biome-ignore lint/style/noRestrictedGlobals: pages, which are not in the document
  const { fetch: open } = globalThis;
  const statuses = await Promise.all(
    paths.map(async (path) => (await open(`${service.url}${path}`)).status),
  );
  expect(statuses).toEqual(paths.map(() => 200));
});
