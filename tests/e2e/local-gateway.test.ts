/** `npm start` as a developer runs it, with the keys of an issuer on another host. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
// biome-ignore lint/style/noRestrictedImports: answers of the gateway, to headers that fetch would join
import { request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { accepts } from '../../local/announce.ts';
import { smoke } from '../../local/smoke.ts';
import { token as makeSession } from '../../local/token.ts';
import { collectOutput, freePort } from '../../support/offline-service.ts';
import { readRunLog, removeRunLog } from '../../support/run-log.ts';
import { callCommand, runCommand } from '../support/commands.ts';
import { SECOND_START } from '../support/documents.ts';
import { type KeyServer, startKeyServer } from '../support/jwks-server.ts';
import { type KeyPair, makeKeyPair, signWith } from '../support/key-pairs.ts';
import { withProjectCopy } from '../support/project-copy.ts';

const PREFIX = '/session';
const ME = `${PREFIX}/me`;
const ORIGINS = ['https://a.example', 'https://b.example'];

let keys: KeyPair;
let issuer: KeyServer;
let npm: ChildProcess;
let output: ReturnType<typeof collectOutput>;
let port: number;
let started: string;

beforeAll(async () => {
  keys = await makeKeyPair('ES256');
  issuer = await startKeyServer([{ ...keys.jwk, kid: 'a' }]);
  port = await freePort();
  const lambdaPort = await freePort();
  const start = SECOND_START.replace('3020', `${port}`).replace('3022', `${lambdaPort}`);
  // This machine, by an address that is not known to be.
  const url = issuer.url.replace('127.0.0.1', '0.0.0.0');
  const parameters = [`pathPrefix=${PREFIX}`, `allowedOrigins=${ORIGINS.join(', ')}`];
  const options = parameters.map((parameter) => `--param "${parameter}"`).join(' ');
  npm = spawn('bash', ['-c', `exec ${start} ${options}`], {
    env: { ...process.env, LOCAL_JWKS_URL: url, AWS_PROFILE: 'nobody' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  output = collectOutput(npm);
  await output.until('\nReady', 150_000);
  started = output.text();
});
afterAll(async () => {
  npm.kill();
  await issuer.close();
  removeRunLog(port);
});

interface Answer {
  readonly status: number | undefined;
  readonly type: string | undefined;
  readonly body: string;
}

/** Sends headers as they are: `fetch` would join those of one name itself. */
async function send(
  method: string,
  path: string,
  headers: readonly string[] = [],
): Promise<Answer> {
  const host = ['Host', `localhost:${port}`];
  const sent = request({ port, host: 'localhost', method, path, headers: [...host, ...headers] });
  const [response] = await once(sent.end(), 'response');
  const body = (await response.setEncoding('utf8').toArray()).join('');
  return { status: response.statusCode, type: response.headers['content-type'], body };
}

async function freshToken(): Promise<string> {
  const jti = `jti-${Math.random()}`;
  const args = ['--sub', 'alice', '--jti', jti, '--port', `${port}`];
  const made = await callCommand(makeSession, args);
  expect(made.code).toBe(0);
  const exp = Math.floor(Date.now() / 1_000) + 600;
  return signWith(keys, { sub: 'alice', jti, exp }, { kid: 'a' });
}

const bearer = (token: string) => ['Authorization', `Bearer ${token}`];

test('a start is one short table of URLs', () => {
  const lines = started.split('\n').filter((line) => line !== '' && !line.startsWith('>'));
  expect(lines[0]).toBe('Ready.');
  expect(lines.length).toBeLessThan(12);
  for (const path of ['/', '/docs', '/openapi.json', PREFIX])
    expect(started).toContain(`  http://localhost:${port}${path} `);
});

// tests/local/refused-start.test.ts has what this switch, and JWT_JWKS_URL, do not take.
test('a JWKS by http from another host verifies, by its explicit switch alone', async () => {
  expect(await send('GET', ME, bearer(await freshToken()))).toMatchObject({ status: 200 });
});

test.each([
  ['HEAD', ME],
  ['GET', `${ME}/`],
  ['PUT', ME],
  ['GET', '/nowhere'],
  ['GET', '/api/v1/auth/me'],
  ['DELETE', `${PREFIX}/sessions/a/b`],
  ['POST', `${PREFIX}/introspect`], // without OAUTH_CLIENTS
  ['POST', '/2015-03-31/functions/me/invocations'],
])('%s %s is API Gateway’s own 404', async (method, path) => {
  expect(await send(method, path, bearer('x'))).toEqual({
    status: 404,
    type: 'application/json',
    body: method === 'HEAD' ? '' : '{"message":"Not Found"}',
  });
});

test('two Authorization headers are joined, and so no token', async () => {
  const token = await freshToken();
  const both = [...bearer(token), 'authorization', `Bearer ${token}`];
  expect(await send('GET', ME, both)).toMatchObject({ status: 401 });
  expect(await send('POST', `${PREFIX}/logout`, both)).toMatchObject({ status: 200 });
  expect(await send('GET', ME, bearer(token))).toMatchObject({ status: 200 });
});

test.each([
  [ORIGINS[0], true],
  [ORIGINS[1], true],
  ['https://c.example', false],
])('a page of %s may read an answer: %j', async (origin = '', mayRead) => {
  const url = `http://localhost:${port}${ME}`;
  const preflight = {
    'Access-Control-Request-Method': 'GET',
    'Access-Control-Request-Headers': 'authorization,traceparent,sentry-trace',
  };
  for (const [method, headers] of [
    ['OPTIONS', preflight],
    ['GET', { Authorization: 'Bearer x' }],
  ] as const) {
    // biome-ignore lint/style/noRestrictedGlobals: headers of the gateway, not of an endpoint
    const response = await globalThis.fetch(url, {
      method,
      headers: { Origin: origin, ...headers },
    });
    expect(response.headers.get('access-control-allow-origin')).toBe(mayRead ? origin : null);
  }
});

test('the path prefix is that of the console, the document and smoke', async () => {
  const { body } = await send('GET', '/console/devices.js');
  expect(body).toContain(`const AUTH = '${PREFIX}';`);
  const args = ['--url', `http://localhost:${port}`, '--token-stdin'];
  const checked = await callCommand(smoke, args, {}, { input: await freshToken() });
  expect(checked).toEqual({ code: 0, output: expect.stringContaining('6 passed, 0 failed') });
});

test('a cookie of another application does no harm', async () => {
  const cookie = ['Cookie', 'theme={"dark":true}; a=b c; =x'];
  expect(await send('GET', ME, [...bearer(await freshToken()), ...cookie])).toMatchObject({
    status: 200,
  });
});

test('a request is one line, without its query, and what functions log goes into the run’s log', async () => {
  const logged = readRunLog(port).length;
  await send('POST', `${PREFIX}/logout?scope=this&token=secret`, bearer('x'));
  await send('GET', ME, bearer('x'));
  const lines = /\nPOST \/session\/logout 200, \d+ ms\nGET \/session\/me 401, \d+ ms\n$/;
  while (!lines.test(output.text())) await pause(20);
  const log = readRunLog(port).slice(logged).join('\n');
  expect(log).toContain('"message":"logout.refused"');
  expect(log).toContain('"message":"check.refused"');
});

test('a kill of npm ends everything', async () => {
  npm.kill('SIGTERM');
  while (await accepts('localhost', port)) await pause(100);
  expect(await accepts('localhost', port)).toBe(false);
});

test('a project that cannot be written is one line that says what to do', () =>
  withProjectCopy(async (folder) => {
    writeFileSync(join(folder, '.local'), 'in the way, as a read-only file system is');
    const { code, output } = await runCommand('bash', ['-c', `cd "${folder}" && npm start`]);
    expect(code).not.toBe(0);
    const lines = output.split('\n').filter((line) => line.includes("can't be written"));
    expect(lines).toEqual([expect.stringContaining('copy the project to a folder of your own')]);
    expect(output).not.toContain('    at ');
  }));

test('without the project’s own Node a start says how to get it', () =>
  withProjectCopy(async (folder) => {
    // Stands for a Node that cannot run TypeScript.
    const preload = join(folder, 'old.cjs');
    writeFileSync(preload, 'Object.defineProperty(process.features, "typescript", {value: false})');
    const old = ['--require', preload, join(folder, 'local/start.js')];
    expect(await runCommand(process.execPath, old)).toEqual({
      code: 1,
      output: `This is Node ${process.versions.node}, as the project's own Node is not installed: run npm ci without --ignore-scripts\n`,
    });
  }));
