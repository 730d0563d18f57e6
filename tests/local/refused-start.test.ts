/** What a local run refuses to start with; tests/e2e/local-gateway.test.ts has a refused start as a whole. */
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Framework } from '../../infra/plugin.ts';
import { startLocalRun } from '../../local/plugin.ts';
import { freePort } from '../../support/offline-service.ts';

class FrameworkError extends Error {}

const before = process.env;
beforeEach(() => {
  process.env = { ...before };
});
afterEach(() => {
  process.env = before;
});

const framework: Framework = {
  service: {
    provider: { environment: {}, stage: 'dev', httpApi: { cors: { allowedOrigins: [] } } },
    custom: { esbuild: {} },
    ...{ service: 'true-logout', functions: {}, setFunctionNames: () => {} },
  },
  configurationInput: { params: {} },
  pluginManager: { getPlugins: () => [] },
  processedInput: { commands: ['offline'], options: {} },
  classes: { Error: FrameworkError },
};

/** The framework's error, which it prints without a trace. */
async function refusal(variables: NodeJS.ProcessEnv, httpPort?: number): Promise<string> {
  Object.assign(process.env, variables);
  const ports = {
    httpPort: `${httpPort ?? (await freePort())}`,
    lambdaPort: `${await freePort()}`,
  };
  const error = await startLocalRun(framework, ports).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(FrameworkError);
  return (error as FrameworkError).message;
}

test.each([
  ['JWT_SECRET_PARAMETER', { JWT_SECRET_PARAMETER: '/a/name' }],
  ['JWT_ISSUERS', { JWT_ISSUERS: '[{"issuer":"https://a","secretParameter":"/a/name"}]' }],
  ['JWT_SECRET', { JWT_SECRET: '' }],
  ['AWS_ENDPOINT_URL_DYNAMODB', { AWS_ENDPOINT_URL_DYNAMODB: 'http://127.0.0.1:9' }],
  ['JWT_JWKS_URL', { JWT_JWKS_URL: 'http://keycloak:8080/certs' }],
  ['LOCAL_JWKS_URL', { LOCAL_JWKS_URL: 'keycloak' }],
  [
    'LOCAL_JWKS_URL',
    { LOCAL_JWKS_URL: 'http://keycloak:8080/certs', JWT_JWKS_URL: 'https://issuer.example/jwks' },
  ],
])('a start with a %s that it can’t use is refused, by its name: %j', async (name, variables) => {
  expect(await refusal(variables)).toContain(name);
});

test('a start on a port in use is refused', async () => {
  const server = createServer().listen(0, 'localhost');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  expect(await refusal({}, port)).toContain(`Port ${port} in use`);
  server.close();
});
