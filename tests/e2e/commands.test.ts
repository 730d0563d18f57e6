import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { decodeJwt } from 'jose';
import { findError } from '../../local/find-error.ts';
import { smoke } from '../../local/smoke.ts';
import { token as command } from '../../local/token.ts';
import { callCommand, runCommand } from '../support/commands.ts';
import { useSharedStack } from '../support/shared-stack/open.ts';

const { stack, service, wire } = useSharedStack({ wired: true });

const npm = (...args: string[]) => runCommand('npm', ['run', '--silent', ...args]);

test('npm run token prints a token alone, that opens /me', async () => {
  const { code, output } = await npm(
    ...['token', '--', '--port', `${service.port}`, '--sub', 'bob', '--ttl', '60'],
    ...['--claim', 'name=Bob', '--claim', 'email_verified=true'],
  );
  expect(code).toBe(0);
  expect(output).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
  expect(decodeJwt(output.trim())).toMatchObject({ sub: 'bob', name: 'Bob', email_verified: true });
  const response = await service.ask('GET', 'me', output.trim());
  expect(await response.json()).toMatchObject({ sub: 'bob', name: 'Bob', email_verified: true });
});

test('token says that it cannot sign with a public key, and makes just the row', async () => {
  const jwk = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' });
  const { JWT_SECRET: _, ...rest } = service.environment;
  const environment = { ...rest, JWT_PUBLIC_KEY: JSON.stringify({ keys: [jwk] }) };
  const carol = stack.user('carol');
  const run = (...args: string[]) => callCommand(command, args, environment);

  const refused = await run();
  expect(refused).toMatchObject({ code: 1, output: expect.stringContaining('only a public key') });
  const created = await run('--sub', carol, '--jti', 'token-1');
  expect(created).toEqual({
    code: 0,
    output: `Created the session of --sub ${carol} --jti token-1\n`,
  });
  const again = await run('--sub', carol, '--jti', 'token-1');
  expect(again).toMatchObject({ code: 1, output: expect.stringContaining('exists already') });
  Object.assign(environment, { SESSIONS: 'adopted', JWT_SESSION_CLAIM: 'jti' });
  const adopted = await run('--sub', carol, '--jti', 'token-2');
  expect(adopted).toMatchObject({
    code: 1,
    output: expect.stringContaining('with the first check'),
  });
});

test.each([
  [['--ttl', '0'], '--ttl takes a whole number from 1 to 31536000'],
  [['--ttl', '31536001'], '--ttl takes a whole number from 1 to 31536000'],
  [['--claim', 'name'], '--claim takes name=value'],
  [['--colour', 'red'], "Unknown option '--colour'"],
  [['--port', '1'], 'Nothing runs on port 1'],
  [['--sub', ''], '--sub takes 1 to 2,048 bytes'],
  [['--jti', '#cutoff'], '--jti 1 to 1,024 and no #'],
  [['--claim', 'exp=1'], "--claim can't set exp"],
])('token %j is told in a line what is wrong', async (args, message) => {
  const { code, output } = await callCommand(command, args);
  expect(code).toBe(1);
  expect(output).toContain(message);
  expect(output).not.toContain('    at ');
});

test('npm run smoke fails against something else, and says in what', async () => {
  const args = ['--url', `${service.url}/nowhere`];
  const { code, output } = await callCommand(smoke, args, service.environment);
  expect(code).toBe(1);
  expect(output).toMatch(/^FAIL logout +404/m);
  expect(output).toMatch(/\d passed, [1-6] failed\n$/);
});

test('find-error prints the line behind an X-Error-ID', async () => {
  const { token } = await stack.issue();
  await wire.fault('access-denied');
  const response = await service.ask('POST', 'logout', token);
  expect(response.status).toBe(500);
  const id = response.headers.get('x-error-id') ?? '';
  const find = (errorId: string) => callCommand(findError, [errorId, '--port', `${service.port}`]);
  const [found, missing, wrong] = [await find(id), await find(randomUUID()), await find('no-id')];
  expect(found).toMatchObject({ code: 0 });
  expect(found.output).toMatch(new RegExp(`^error_id +${id}$`, 'm'));
  expect(found.output).toMatch(/^error_type +StoreError/m);
  expect(missing).toMatchObject({ code: 1, output: expect.stringContaining('No line has this') });
  expect(wrong).toMatchObject({ code: 1, output: expect.stringContaining('Give one error id') });
});

test('npm run hash-id prints what stands for a user in the log', async () => {
  const { output } = await npm('hash-id', '--', stack.user('dora'), '--port', `${service.port}`);
  const { token } = await stack.issue({ sub: stack.user('dora') });
  await service.ask('POST', 'logout', token);
  expect(output).toMatch(/^[\da-f]{16}\n$/);
  expect(service.log().join('\n')).toContain(`"sub_hash":"${output.trim()}"`);
});
