import { createConfig, lintFromString } from '@redocly/openapi-core';
import { functionTable } from '../../../infra/functions.ts';
import { LOGOUT_SCOPES } from '../../../lib/auth/logout.ts';
import { completeDocument, documentOf, openApiDocument } from '../../../lib/openapi/document.ts';
import { DEFAULT_LIMIT, MAX_LIMIT } from '../../../lib/sessions/list.ts';
import { readService } from '../../../support/service-file.ts';
import { FORMATS } from '../../support/events.ts';
import { invoke } from '../../support/lambda.ts';

async function problemsOf(document: unknown): Promise<readonly string[]> {
  const config = await createConfig({ extends: ['recommended-strict'] });
  const problems = await lintFromString({
    source: JSON.stringify(document),
    absoluteRef: 'openapi.json',
    config,
  });
  return problems.map(({ ruleId, message }) => `${ruleId}: ${message}`);
}

const { paths } = openApiDocument;
const operations = Object.entries(paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => ({
    route: `${method.toUpperCase()} ${path}`,
    ...operation,
  })),
);
const protectedOperations = operations.filter(({ route }) => route.includes('/auth/'));

describe('the OpenAPI document', () => {
  test('has nothing that the linter, as strict as it comes, complains about', async () => {
    expect(await problemsOf(openApiDocument)).toEqual([]);
    expect(await problemsOf(completeDocument)).toEqual([]);
  });

  test('has every route of serverless.yml, and no other', () => {
    const { functions } = readService('.');
    const routes = Object.values(functions).flatMap(({ events = [] }) =>
      events.map(({ httpApi }) => httpApi),
    );
    expect(operations.map(({ route }) => route).sort()).toEqual(routes.sort());
  });

  test.each([
    [{}, false],
    [{ JWT_LOGOUT_AUDIENCE: '' }, false],
    [{ JWT_LOGOUT_AUDIENCE: 'web' }, true],
    [{ JWT_ISSUERS: '[{"issuer":"a"}]' }, false],
    [{ JWT_ISSUERS: '[{"issuer":"a"},{"issuer":"b","logoutAudience":"web"}]' }, true],
  ])('has back-channel logout only where it is configured: %j', (environment, expected) => {
    const route = '/api/v1/auth/backchannel-logout';
    expect(functionTable.backchannelLogout?.route).toBe(`POST ${route}`);
    expect(route in documentOf(environment).paths).toBe(expected);
    const moved = documentOf({ ...environment, PATH_PREFIX: '/session' }).paths;
    expect('/session/backchannel-logout' in moved).toBe(expected);
  });

  test.each([
    [{}, false],
    [{ OAUTH_CLIENTS: '', OAUTH_CLIENTS_PARAMETER: '' }, false],
    [{ OAUTH_CLIENTS: '{}' }, true],
    [{ OAUTH_CLIENTS_PARAMETER: '/a' }, true],
  ])(
    'has introspection and revocation only where clients are configured: %j',
    (environment, expected) => {
      for (const name of ['introspect', 'revoke']) {
        const route = `/api/v1/auth/${name}`;
        expect(functionTable[name]?.route).toBe(`POST ${route}`);
        expect(route in documentOf(environment).paths).toBe(expected);
        const moved = documentOf({ ...environment, PATH_PREFIX: '/session' }).paths;
        expect(`/session/${name}` in moved).toBe(expected);
      }
    },
  );

  test('has the version of the package', async () => {
    const { default: manifest } = await import('../../../package.json', { with: { type: 'json' } });
    expect(openApiDocument.info.version).toBe(manifest.version);
  });

  test.each(protectedOperations)(
    '$route: needs a token, and says what it answers without a good one',
    (operation) => {
      expect(operation.security ?? openApiDocument.security).toEqual([{ bearer: [] }]);
      expect(Object.keys(operation.responses)).toEqual(
        expect.arrayContaining(['401', '403', '429', '500', '5XX']),
      );
    },
  );

  test('has the limits and the scopes of the code', () => {
    const parameters = operations.flatMap(({ parameters = [] }) => parameters);
    const schemaOf = (name: string) => parameters.find((each) => each.name === name)?.schema;
    expect(schemaOf('limit')).toMatchObject({ maximum: MAX_LIMIT, default: DEFAULT_LIMIT });
    expect(schemaOf('scope')).toMatchObject({ enum: LOGOUT_SCOPES, default: 'this' });
  });

  test('lets no object have more than it lists, but for the document itself, forms and a choice', () => {
    const open = Object.entries(completeDocument.components.schemas)
      .filter(
        ([, { type, additionalProperties }]) => type !== 'object' || additionalProperties !== false,
      )
      .map(([name]) => name);
    expect(open).toEqual(['OpenApi', 'LogoutRequest', 'TokenRequest', 'Introspection']);
  });
});

describe.each(FORMATS)('GET /openapi.json, payload format %s', (_, event) => {
  test('answers the document, without a token and without a configuration', async () => {
    const before = { ...process.env };
    for (const name of ['SESSIONS_TABLE', 'JWT_SECRET']) delete process.env[name];
    try {
      const { handler } = await import('../../../handlers/openapi.ts');
      const response = await invoke(handler, event({ method: 'GET', path: '/openapi.json' }));
      expect(response).toMatchObject({
        statusCode: 200,
        headers: { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' },
      });
      expect(JSON.parse(response.body)).toEqual(JSON.parse(JSON.stringify(openApiDocument)));
    } finally {
      process.env = before;
    }
  });
});
