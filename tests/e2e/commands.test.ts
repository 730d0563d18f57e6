import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { expect, test } from '@jest/globals';
import { decodeJwt } from 'jose';
import { freePort } from '../../support/offline-service.ts';
import { readRunFile } from '../../support/run-file.ts';
import { runCommand } from '../support/commands.ts';
import { startService } from '../support/service.ts';
import { useSharedStack } from '../support/shared-stack/open.ts';

const { stack, service, wire } = useSharedStack({ wired: true });

const npm = (...args: string[]) => runCommand('npm', ['run', '--silent', ...args]);

test('the curl lines that a start prints give what they promise', async () => {
  const token = /TOKEN=(\S+)/.exec(service.started)?.[1];
  const lines = [...service.started.matchAll(/curl -i .*?(-X POST )?(http\S+) +# (\d+):/g)];
  const statuses = [];
  for (const [, post, url = ''] of lines) {
    const response = await service.fetch(url, {
      method: post ? 'POST' : 'GET',
      headers: { Authorization: `Bearer ${token}` },
    });
    statuses.push(response.status);
  }
  expect(statuses).toEqual([200, 200, 401]);
  expect(lines.map(([, , , promised]) => Number(promised))).toEqual(statuses);
});

test('npm run token prints a token alone, that opens /me', async () => {
  const { code, output } = await npm(
    ...['token', '--', '--port', `${service.port}`, '--sub', 'bob', '--ttl', '60'],
    ...['--claim', 'name=Bob', '--claim', 'email_verified=true'],
  );
  expect(code).toBe(0);
  expect(output).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
  expect(decodeJwt(output.trim())).toMatchObject({ sub: 'bob', name: 'Bob', email_verified: true });
  const response = await service.fetch('/api/v1/auth/me', {
    headers: { Authorization: `Bearer ${output.trim()}` },
  });
  expect(await response.json()).toMatchObject({ sub: 'bob', name: 'Bob', email_verified: true });
});

test('npm run token says that it cannot sign with a public key, and makes just the row', async () => {
  const jwk = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' });
  const { JWT_SECRET: _, ...rest } = service.environment;
  const environment = { ...rest, JWT_PUBLIC_KEY: JSON.stringify({ keys: [jwk] }) };
  const carol = stack.user('carol');
  const run = (...args: string[]) =>
    runCommand('npm', ['run', '--silent', 'token', '--', ...args], environment);

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
])('npm run token %j is told in a line what is wrong', async (args, message) => {
  const { code, output } = await runCommand(process.execPath, ['local/token.ts', ...args]);
  expect(code).toBe(1);
  expect(output).toContain(message);
  expect(output).not.toContain('    at ');
});

test('npm run smoke fails against something else, and says in what', async () => {
  const { code, output } = await runCommand(
    ...([process.execPath, ['local/smoke.ts', '--url', `${service.url}/nowhere`]] as const),
    { ...service.environment },
  );
  expect(code).toBe(1);
  expect(output).toMatch(/^FAIL logout +404/m);
  expect(output).toMatch(/\d passed, [1-6] failed\n$/);
});

test.each([
  ['JWT_SECRET_PARAMETER', '/a/name'],
  ['JWT_ISSUERS', '[{"issuer":"https://a","secretParameter":"/a/name"}]'],
  ['JWT_SECRET', ''],
  ['AWS_ENDPOINT_URL_DYNAMODB', 'http://127.0.0.1:9'],
])('a start with a %s that it can’t use ends at once, naming it', async (name, value) => {
  const ports = ['--httpPort', `${await freePort()}`, '--lambdaPort', `${await freePort()}`];
  const { code, output } = await runCommand(
    'node_modules/.bin/serverless',
    ['offline', '--noSponsor', ...ports],
    { [name]: value },
  );
  expect(code).toBe(1);
  expect(output).toContain(name);
});

test('a port in use is one clear line', async () => {
  const { code, output } = await runCommand('node_modules/.bin/serverless', [
    ...['offline', '--noSponsor', '--httpPort', `${service.port}`],
    ...['--lambdaPort', `${await freePort()}`],
  ]);
  expect(code).toBe(1);
  expect(output).toContain(`Port ${service.port} in use`);
});

test('a start needs nothing of AWS, and Ctrl-C leaves nothing of it running', async () => {
  const other = await startService({
    ...{ AWS_PROFILE: 'nobody', AWS_SESSION_TOKEN: 'x' }, // a profile that is not logged in
    ...{ AWS_ENDPOINT_URL_DYNAMODB: '', AWS_REGION: '' },
  });
  expect(other.environment).toMatchObject({
    AWS_ACCESS_KEY_ID: 'local',
    AWS_ENDPOINT_URL_DYNAMODB: expect.stringMatching(/^http:\/\/127\.0\.0\.1:/),
  });
  expect(other.output()).toContain(`npm run --silent token -- --port ${other.port}`);
  const store = new URL(other.environment.AWS_ENDPOINT_URL_DYNAMODB ?? '');
  const ports = [other.port, Number(store.port)];
  expect(await Promise.all(ports.map(accepts))).toEqual([true, true]);
  expect(await other.stop()).toBe(0);
  expect(await Promise.all(ports.map(accepts))).toEqual([false, false]);
  expect(readRunFile(other.port)).toBeUndefined();
});

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, 'localhost');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

test('npm run find-error prints the line behind an X-Error-ID', async () => {
  const { token } = await stack.issue();
  await wire.fault('access-denied');
  const response = await service.fetch('/api/v1/auth/logout', {
    method: 'POST',
    headers: { Authorization: `Bearer ${token}` },
  });
  expect(response.status).toBe(500);
  const id = response.headers.get('x-error-id') ?? '';
  const port = `${service.port}`;
  const find = (errorId: string) =>
    runCommand(process.execPath, ['local/find-error.ts', errorId, '--port', port]);
  const [found, missing, wrong] = [await find(id), await find(randomUUID()), await find('no-id')];
  expect(found).toMatchObject({ code: 0 });
  expect(found.output).toMatch(new RegExp(`^error_id +${id}$`, 'm'));
  expect(found.output).toMatch(/^error_type +StoreError/m);
  expect(missing).toMatchObject({ code: 1, output: expect.stringContaining('No line has this') });
  expect(wrong).toMatchObject({ code: 1, output: expect.stringContaining('Give one error id') });
});

test('npm run hash-id prints what stands for a user in the log', async () => {
  const { output } = await npm('hash-id', '--', 'dora', '--port', `${service.port}`);
  const token = await npm('token', '--', '--port', `${service.port}`, '--sub', 'dora');
  await service.fetch('/api/v1/auth/logout', {
    method: 'POST',
    headers: { Authorization: `Bearer ${token.output.trim()}` },
  });
  expect(output).toMatch(/^[\da-f]{16}\n$/);
  expect(service.log().join('\n')).toContain(`"sub_hash":"${output.trim()}"`);
});
