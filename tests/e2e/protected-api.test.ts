import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as settle } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type LoopbackPort, listenOnLoopback } from '../../support/loopback.ts';
import type { OfflineService } from '../../support/offline-service.ts';
import { runCommand } from '../support/commands.ts';
import { forwardTo } from '../support/forward.ts';
import { startProtectedApi } from '../support/service.ts';
import { useSharedStack } from '../support/shared-stack/open.ts';

const { stack, service, wire } = useSharedStack({ wired: true });
/** What stands for the service, so that it can be gone. */
let lambda: LoopbackPort;
let example: OfflineService;

beforeAll(async () => {
  lambda = await listenOnLoopback(createServer(forwardTo(service.lambdaUrl)));
  example = await startProtectedApi({ lambdaUrl: lambda.url });
});

afterAll(async () => {
  await example?.stop();
  await lambda?.close();
});

async function notes(authorization?: string) {
  const response = await example.fetch('/notes', {
    headers: authorization === undefined ? {} : { Authorization: authorization },
  });
  return { status: response.status, body: await response.json() };
}

async function logout(token: string) {
  const response = await service.ask('POST', 'logout', token);
  return { status: response.status, body: await response.json() };
}

const letIn = () => {
  const sub = stack.user('alice');
  return { status: 200, body: { sub, notes: [`A note of ${sub}`] } };
};
const LOGGED_OUT = { status: 200, body: { message: 'Successfully logged out' } };
const UNAUTHORIZED = { status: 401, body: { message: 'Unauthorized' } };
const FAILED = { status: 500, body: { message: 'Internal Server Error' } };

describe('an API behind the authorizer', () => {
  test('lets a session in, and refuses it at the next request after its logout', async () => {
    const { token } = await stack.issue();
    expect(await notes(`Bearer ${token}`)).toEqual(letIn());
    expect(await notes(`Bearer ${token}`)).toEqual(letIn());
    expect(await logout(token)).toEqual(LOGGED_OUT);
    expect(await notes(`Bearer ${token}`)).toEqual(UNAUTHORIZED);
  });

  test.each([
    ['no header', undefined],
    ['garbage', 'Bearer garbage'],
  ])('refuses a request with %s', async (_, authorization) => {
    expect(await notes(authorization)).toEqual(UNAUTHORIZED);
  });

  test('answers 500, and lets nobody in, while the store cannot be asked', async () => {
    const { token } = await stack.issue();
    await wire.fault('access-denied');
    expect(await notes(`Bearer ${token}`)).toEqual(FAILED);
    expect(wire.requests()).toHaveLength(1);
    await wire.clear();
    expect(await notes(`Bearer ${token}`)).toEqual(letIn());
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
    const { code, output } = await runCommand(
      'npm',
      [
        ...['--prefix', 'examples/protected-api', 'run', 'package', '--'],
        ...['--package', folder, '--param', `authorizerArn=${arn}`],
      ],
      { AWS_REGION: 'us-east-1' },
    );
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
});

// Last, as it ends what the others need.
describe('in the end', () => {
  test('without the service the example lets nobody in', async () => {
    const { token } = await stack.issue();
    await lambda.shut();
    expect(await notes(`Bearer ${token}`)).toEqual(FAILED);
    while (!example.output().includes('No authorizer at')) await settle();
    expect(example.output()).not.toContain(token);
    expect(await example.stop()).toBe(0);
  });
});
