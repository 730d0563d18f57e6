/** The code that the pages show is cut out of them and run against the service. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { printVariables } from '../../local/env.ts';
import { removeRunFile, writeRunFile } from '../../support/run-file.ts';
import { callCommand, runCommand } from '../support/commands.ts';
import { codeBlocks } from '../support/documents.ts';
import { findPython, NO_PYTHON } from '../support/python.ts';
import { useSharedStack } from '../support/shared-stack/open.ts';

const { stack, service } = useSharedStack();

async function me(token: string): Promise<{ status: number; body: unknown }> {
  const response = await service.ask('GET', 'me', token);
  return { status: response.status, body: await response.json() };
}

/** Runs a program in the shell of a developer who has asked for the local run's variables. */
function runInLoginService(program: string, input = '') {
  const script = `eval "$(npm run --silent env -- --port ${service.port})" && ${program}`;
  // What a developer's shell may have, and must not matter.
  const own = { AWS_PROFILE: 'nobody', AWS_REGION: 'eu-west-1', AWS_SESSION_TOKEN: 'x' };
  return runCommand('bash', ['-c', script], own, input);
}

test('npm run env prints lines for a shell, whatever is in them', async () => {
  const port = 3;
  const secret = `it's "$(echo x)" \\`;
  writeRunFile(port, { JWT_SECRET: secret, AWS_REGION: 'eu-west-1' });
  try {
    const script = `eval "$(npm run --silent env -- --port ${port})"; printf %s "$JWT_SECRET$AWS_DEFAULT_REGION"`;
    expect(await runCommand('bash', ['-c', script])).toEqual({
      code: 0,
      output: `${secret}eu-west-1`,
    });
  } finally {
    removeRunFile(port);
  }
  expect(await callCommand(printVariables, ['--port', `${port}`])).toEqual({
    code: 1,
    output: expect.stringMatching(/^Nothing runs on port 3: .*\n$/),
  });
});

const python = findPython();
const withPython = python === undefined ? test.skip : test;
withPython(
  python === undefined
    ? `the README’s log-in in Python (${NO_PYTHON})`
    : 'the README’s log-in in Python makes a session that lives, and can be logged out',
  async () => {
    const [code, ...others] = codeBlocks('README.md', 'python');
    expect(others).toEqual([]);
    const login = `${code}
import os
print(log_in(os.environ["SESSIONS_TABLE"], os.environ["JWT_SECRET"], "zoe", name="Zoë"))`;
    const { code: exit, output } = await runInLoginService(`${python} -`, login);
    expect({ exit, output }).toEqual({ exit: 0, output: expect.stringMatching(/^\S+\n$/) });
    const token = output.trim();
    expect(await me(token)).toMatchObject({ status: 200, body: { sub: 'zoe', name: 'Zoë' } });
    await service.ask('POST', 'logout', token);
    expect(await me(token)).toMatchObject({ status: 401 });
  },
);

test('the log-in and the refresh in TypeScript make sessions, the second in place of the first', async () => {
  const [code = '', ...others] = codeBlocks('docs/login-service.md', 'ts');
  expect(others).toEqual([]);
  expect(code).toContain("sub: 'alice'");
  const alice = stack.user('alice');
  const ours = code.replace("'alice'", JSON.stringify(alice));
  // Inside the project, as it imports the project by its name.
  const folder = mkdtempSync(join('.local', 'snippet-'));
  try {
    const file = join(folder, 'login.ts');
    writeFileSync(file, `${ours}\nconsole.log(token);\nconsole.log(refreshed?.token);\n`);
    const { code: exit, output } = await runInLoginService(`node ${file}`);
    expect({ exit, output }).toEqual({ exit: 0, output: expect.stringMatching(/^\S+\n\S+\n$/) });
    const [first = '', second = ''] = output.split('\n');
    expect(await me(first)).toMatchObject({ status: 401 });
    expect(await me(second)).toMatchObject({ status: 200, body: { sub: alice } });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
