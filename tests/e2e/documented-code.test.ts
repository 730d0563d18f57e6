/** The code that the pages show is cut out of them and run against the service. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { runCommand } from '../support/commands.ts';
import { codeBlocks } from '../support/documents.ts';
import { findPython, NO_PYTHON } from '../support/python.ts';
import { useSharedStack } from '../support/shared-stack/open.ts';

const { service } = useSharedStack();

async function me(token: string): Promise<{ status: number; body: unknown }> {
  const response = await service.fetch('/api/v1/auth/me', {
    headers: { Authorization: `Bearer ${token}` },
  });
  return { status: response.status, body: await response.json() };
}

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
    const region = { AWS_DEFAULT_REGION: service.environment.AWS_REGION ?? '' };
    const { code: exit, output } = await runCommand(
      ...([python ?? '', ['-'], { ...service.environment, ...region }, login] as const),
    );
    expect({ exit, output }).toEqual({ exit: 0, output: expect.stringMatching(/^\S+\n$/) });
    const token = output.trim();
    expect(await me(token)).toMatchObject({ status: 200, body: { sub: 'zoe', name: 'Zoë' } });
    await service.fetch('/api/v1/auth/logout', {
      method: 'POST',
      headers: { Authorization: `Bearer ${token}` },
    });
    expect(await me(token)).toMatchObject({ status: 401 });
  },
);

test('the log-in and the refresh in TypeScript make sessions, the second in place of the first', async () => {
  const [code = '', ...others] = codeBlocks('docs/login-service.md', 'ts');
  expect(others).toEqual([]);
  expect(code).toContain("'true-logout-dev-sessions'");
  // Inside the project, as it imports the project by its name.
  const folder = mkdtempSync(join('.local', 'snippet-'));
  try {
    const file = join(folder, 'login.ts');
    const run = code.replace('true-logout-dev-sessions', service.environment.SESSIONS_TABLE ?? '');
    writeFileSync(file, `${run}\nconsole.log(token);\nconsole.log(refreshed?.token);\n`);
    const { code: exit, output } = await runCommand(process.execPath, [file], service.environment);
    expect({ exit, output }).toEqual({ exit: 0, output: expect.stringMatching(/^\S+\n\S+\n$/) });
    const [first = '', second = ''] = output.split('\n');
    expect(await me(first)).toMatchObject({ status: 401 });
    expect(await me(second)).toMatchObject({ status: 200, body: { sub: 'alice' } });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
