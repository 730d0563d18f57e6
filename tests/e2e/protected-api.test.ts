import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { openSessionStore, type SessionStore } from '../../lib/aws/dynamodb.ts';
import { issueSession, type NewSession, type Signer } from '../../lib/login/issue.ts';
import { signerOf } from '../../local/signer.ts';
import { type FaultProxy, startFaultProxy } from '../../support/fault-proxy.ts';
import type { OfflineService } from '../../support/offline-service.ts';
import { runCommand } from '../support/commands.ts';
import { type RunningService, startProtectedApi, startService } from '../support/service.ts';
import { signRaw } from '../support/signing.ts';
import { openTestStore, type TestStore } from '../support/store.ts';

let server: TestStore;
let wire: FaultProxy;
let service: RunningService;
let example: OfflineService;
let store: SessionStore;
let signer: Signer;
const before = { ...process.env };

beforeAll(async () => {
  // The service reaches its store over a wire that can fail; the test looks around it.
  server = await openTestStore();
  wire = await startFaultProxy(server.endpoint);
  service = await startService({ AWS_ENDPOINT_URL_DYNAMODB: wire.endpoint });
  example = await startProtectedApi(service);
  Object.assign(process.env, service.environment, { AWS_ENDPOINT_URL_DYNAMODB: server.endpoint });
  store = openSessionStore(service.environment.SESSIONS_TABLE ?? '');
  const found = await signerOf(service.environment);
  if (!found) throw new Error('the local run has no secret');
  signer = found;
}, 120_000);

afterAll(async () => {
  await example?.stop();
  await service?.stop();
  store?.client.destroy();
  await wire?.close();
  await server?.close();
  process.env = before;
});

beforeEach(() => wire.clear());

const issue = (request: Partial<NewSession> = {}) =>
  issueSession(store, signer, { sub: 'alice', ttlSeconds: 3_600, ...request });

async function notes(authorization?: string) {
  const response = await example.fetch('/notes', {
    headers: authorization === undefined ? {} : { Authorization: authorization },
  });
  return { status: response.status, body: await response.json() };
}

async function logout(token: string, scope = 'this') {
  const response = await service.fetch(`/api/v1/auth/logout?scope=${scope}`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${token}` },
  });
  return { status: response.status, body: await response.json() };
}

const LET_IN = { status: 200, body: { sub: 'alice', notes: ['A note of alice'] } };
const LOGGED_OUT = { status: 200, body: { message: 'Successfully logged out' } };
const UNAUTHORIZED = { status: 401, body: { message: 'Unauthorized' } };
const FAILED = { status: 500, body: { message: 'Internal Server Error' } };

describe('an API behind the authorizer', () => {
  test('lets a session in, and refuses it at the next request after its logout', async () => {
    const { token } = await issue();
    expect(await notes(`Bearer ${token}`)).toEqual(LET_IN);
    expect(await notes(`Bearer ${token}`)).toEqual(LET_IN);
    expect(await logout(token)).toEqual(LOGGED_OUT);
    expect(await notes(`Bearer ${token}`)).toEqual(UNAUTHORIZED);
  });

  test('refuses every session of a user who logged out everywhere from another one', async () => {
    const sub = 'bob';
    const [phone, laptop, tablet] = [
      await issue({ sub }),
      await issue({ sub }),
      await issue({ sub }),
    ];
    const sessions = [phone, laptop, tablet].map(({ token }) => `Bearer ${token}`);
    for (const session of sessions) expect((await notes(session)).body).toMatchObject({ sub });
    expect(await logout(laptop.token, 'everywhere')).toEqual(LOGGED_OUT);
    for (const session of sessions) expect(await notes(session)).toEqual(UNAUTHORIZED);
  });

  test('goes on with the session that ended the others', async () => {
    const sub = 'carol';
    const [phone, laptop] = [await issue({ sub }), await issue({ sub })];
    expect(await logout(laptop.token, 'others')).toEqual(LOGGED_OUT);
    expect(await notes(`Bearer ${phone.token}`)).toEqual(UNAUTHORIZED);
    expect((await notes(`Bearer ${laptop.token}`)).status).toBe(200);
  });

  test.each([
    ['no header', undefined],
    ['an empty header', ''],
    ['another scheme', 'Basic YWxpY2U6c2VjcmV0'],
    ['garbage', 'Bearer garbage'],
    [
      'a forged token',
      `Bearer ${signRaw({ alg: 'HS256' }, { sub: 'alice', jti: 'j', exp: 4_102_444_800 })}`,
    ],
  ])('refuses a request with %s', async (_, authorization) => {
    expect(await notes(authorization)).toEqual(UNAUTHORIZED);
  });

  test('refuses an expired token', async () => {
    const { token } = await issue({ ttlSeconds: -60 });
    expect(await notes(`Bearer ${token}`)).toEqual(UNAUTHORIZED);
  });

  test('answers 500, and lets nobody in, while the store cannot be asked', async () => {
    const { token } = await issue();
    await wire.fault('access-denied');
    expect(await notes(`Bearer ${token}`)).toEqual(FAILED);
    expect(wire.requests()).toHaveLength(1);
    await wire.clear();
    expect(await notes(`Bearer ${token}`)).toEqual(LET_IN);
  });

  test('asks nobody about a route without an authorizer', async () => {
    const response = await example.fetch('/health');
    expect([response.status, await response.json()]).toEqual([200, { status: 'ok' }]);
    expect(wire.requests()).toEqual([]);
  });
});

test('its package asks the authorizer about every request to a protected route', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'protected-api-'));
  const arn = 'arn:aws:lambda:us-east-1:123456789012:function:true-logout-dev-authorizer';
  try {
    const { code, output } = await runCommand('npm', [
      ...['--prefix', 'examples/protected-api', 'run', 'package', '--'],
      ...['--package', folder, '--param', `authorizerArn=${arn}`],
    ]);
    expect({ code, output }).toMatchObject({ code: 0 });
    const template = await readFile(join(folder, 'cloudformation-template-update-stack.json'));
    const { Resources } = JSON.parse(template.toString());
    expect(Resources.HttpApiAuthorizerTrueLogout.Properties).toMatchObject({
      AuthorizerType: 'REQUEST',
      AuthorizerPayloadFormatVersion: '2.0',
      EnableSimpleResponses: true,
      AuthorizerResultTtlInSeconds: 0,
      IdentitySource: ['$request.header.Authorization'],
    });
    expect(JSON.stringify(Resources.HttpApiAuthorizerTrueLogout)).toContain(arn);
    expect(Resources.HttpApiRouteGetNotes.Properties).toMatchObject({
      AuthorizationType: 'CUSTOM',
      AuthorizerId: { Ref: 'HttpApiAuthorizerTrueLogout' },
    });
    expect(Resources.HttpApiRouteGetHealth.Properties).not.toHaveProperty('AuthorizerId');
  } finally {
    await rm(folder, { recursive: true });
  }
}, 60_000);

// Last, as it ends what the others need.
describe('in the end', () => {
  test('without the service the example lets nobody in', async () => {
    const { token } = await issue();
    expect(await service.stop()).toBe(0);
    expect(await notes(`Bearer ${token}`)).toEqual(FAILED);
    expect(example.output()).toContain('No authorizer at');
    expect(example.output()).not.toContain(token);
  });

  test('nothing is left running', async () => {
    const ports = [service, example].flatMap(({ port, lambdaUrl }) => [
      port,
      Number(new URL(lambdaUrl).port),
    ]);
    expect(await Promise.all(ports.map(accepts))).toEqual([false, false, true, true]);
    expect(await example.stop()).toBe(0);
    expect(await Promise.all(ports.map(accepts))).toEqual(ports.map(() => false));
  });
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
