/** `npm run admin` against a local run, as docs/administration.md describes it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { admin as command } from '../../local/admin.ts';
import { callCommand, runCommand } from '../support/commands.ts';
import { codeBlocks } from '../support/documents.ts';
import { findPython, NO_PYTHON } from '../support/python.ts';
import { useSharedStack } from '../support/shared-stack/open.ts';

const { stack, service } = useSharedStack();

const admin = (...args: string[]) => callCommand(command, [...args, '--port', `${service.port}`]);
const BY = ['--actor', 'bob', '--reason', 'left'];

const logIn = async (sub: string) => (await stack.issue({ sub })).token;

test('lists, ends one, and ends all, dead at the next request; the line says who and why', async () => {
  const user = stack.user('alice');
  const [first, second, third] = [await logIn(user), await logIn(user), await logIn(user)];
  const options = ['--limit', '2', '--port', `${service.port}`];
  const listed = await runCommand('npm', [
    ...['run', '--silent', 'admin', '--', 'list', user, ...options],
  ]);
  expect(listed.code).toBe(0);
  const page = JSON.parse(listed.output);
  expect(page.sessions).toHaveLength(2);
  const rest = JSON.parse((await admin('list', user, '--next', page.next)).output);
  expect(rest).toMatchObject({ sessions: [{ id: expect.any(String) }], next: null });

  const one = await admin('end', user, rest.sessions[0].id, ...BY);
  expect({ ...one, output: JSON.parse(one.output) }).toEqual({ code: 0, output: { ended: 'one' } });
  expect([await service.me(first), await service.me(second), await service.me(third)]).toEqual([
    401, 200, 200,
  ]);
  const again = await admin('end', user, rest.sessions[0].id, ...BY);
  expect(again).toEqual({ code: 1, output: 'The user has no active session of this id\n' });

  const all = await admin('end-all', user, ...BY);
  expect({ code: all.code, ...JSON.parse(all.output) }).toMatchObject({ code: 0, ended: 'all' });
  expect([await service.me(second), await service.me(third)]).toEqual([401, 401]);
  const lines = service
    .log()
    .flatMap((line) => (line.includes(`"sub_hash"`) ? [JSON.parse(line)] : []));
  expect(lines.filter(({ actor }) => actor === 'bob')).toMatchObject([
    { by: 'admin', reason: 'left', scope: 'one', route: 'admin' },
    { by: 'admin', reason: 'left', scope: 'everywhere', route: 'admin' },
  ]);
});

/** The code of docs/administration.md for the local run, and for this file's alice. */
function documentedCode(language: string): string {
  const [code = '', ...others] = codeBlocks('docs/administration.md', language);
  expect(others).toEqual([]);
  for (const part of ['alice', 'true-logout-prod-admin']) expect(code).toContain(part);
  return code
    .replaceAll('true-logout-prod-admin', `${service.environment.LOCAL_STACK}-admin`)
    .replaceAll(/(["'])alice\1/g, JSON.stringify(stack.user('alice')));
}

async function expectCodeEndsAll(run: () => ReturnType<typeof runCommand>): Promise<void> {
  const token = await logIn(stack.user('alice'));
  expect(await service.me(token)).toBe(200);
  expect(await run()).toEqual({ code: 0, output: '' });
  expect(await service.me(token)).toBe(401);
}

test('the documented TypeScript ends all sessions, and throws where it did not', async () => {
  const code = documentedCode('ts');
  // Inside the project, for its packages.
  const folder = mkdtempSync(join('.local', 'snippet-'));
  const run = (text: string) => {
    const file = join(folder, 'end.ts');
    writeFileSync(file, text);
    return runCommand(process.execPath, [file], { ...service.environment });
  };
  try {
    await expectCodeEndsAll(() => run(code));
    const wrong = await run(code.replace("'accounts'", "''"));
    expect(wrong.code).toBe(1);
    expect(wrong.output).toContain('actor must be a text that is not empty');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

const python = findPython();
const withPython = python === undefined ? test.skip : test;
withPython(
  python === undefined
    ? `the documented Python (${NO_PYTHON})`
    : 'the documented Python ends all sessions, and raises where it did not',
  async () => {
    const code = documentedCode('python');
    const run = (text: string) =>
      runCommand(
        `${python}`,
        ['-'],
        { ...service.environment, AWS_DEFAULT_REGION: 'us-east-1' },
        text,
      );
    await expectCodeEndsAll(() => run(code));
    const wrong = await run(code.replace('"helpdesk"', '""'));
    expect(wrong.code).toBe(1);
    expect(wrong.output).toContain('actor must be a text that is not empty');
  },
);

test.each([
  [['end-all', 'alice', '--actor', 'bob'], /^reason must be a text that is not empty\n$/],
  [['end-all', 'alice', ...BY, '--issuer', 'x'], /^issuer is none of the deployment’s\n$/],
  [['list', 'alice', '--limit', 'many'], /^limit must be a whole number from 1 to 100\n$/],
  [['list', 'alice', '--actor', 'bob'], /^list has 1 unknown members/],
  [['end', 'alice', 'x', ...BY], /^The user has no active session of this id\n$/],
  [['end-everything', 'alice'], /^Lists and ends sessions of any user/],
  [['end-all'], /^Lists and ends sessions of any user/],
  [['end', 'alice', 'x', 'y', ...BY], /^Lists and ends sessions of any user/],
  [['end-all', 'alice', '--who', 'bob'], /^Unknown option '--who'/],
])('%j is told what is wrong, and exits with 1', async (args, message) => {
  const { code, output } = await admin(...args);
  expect(code).toBe(1);
  expect(output).toMatch(message);
});

test('a port where nothing runs, and a stage that is none, are one line', async () => {
  const nobody = await callCommand(command, ['list', 'a', '--port', '1']);
  expect(nobody).toMatchObject({
    code: 1,
    output: expect.stringMatching(/^Nothing runs on port 1: /),
  });
  expect(await callCommand(command, ['list', 'a', '--stage', 'prd'])).toMatchObject({
    code: 1,
    output: expect.stringMatching(/^There is no stage prd in stages.yml/),
  });
});
