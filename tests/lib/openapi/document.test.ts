import { createConfig, lintFromString } from '@redocly/openapi-core';
import { functionTable } from '../../../infra/functions.ts';
import { LOGOUT_SCOPES } from '../../../lib/auth/logout.ts';
import { completeDocument, documentOf, openApiDocument } from '../../../lib/openapi/document.ts';
import { DEFAULT_LIMIT, MAX_LIMIT } from '../../../lib/sessions/list.ts';
import { readService } from '../../../support/service-file.ts';
import { answer } from '../../support/answers.ts';
import { FORMATS } from '../../support/events.ts';
import { invoke } from '../../support/lambda.ts';

async function problemsOf(document: unknown): Promise<readonly string[]> {
  const config = await createConfig({ extends: ['recommended-strict'] });
  const source = JSON.stringify(document);
  const problems = await lintFromString({ source, absoluteRef: 'openapi.json', config });
  return problems.map(({ ruleId, message }) => `${ruleId}: ${message}`);
}

const operationsOf = ({ paths }: Pick<typeof openApiDocument, 'paths'>) =>
  Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({
      route: `${method.toUpperCase()} ${path}`,
      ...operation,
    })),
  );
const routesOf = (document: Pick<typeof openApiDocument, 'paths'>) =>
  operationsOf(document).map(({ route }) => route);
const operations = operationsOf(openApiDocument);
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
    expect(routesOf(openApiDocument).sort()).toEqual(routes.sort());
    const all = Object.values(functionTable).flatMap(({ route = [] }) => route);
    expect(routesOf(completeDocument).sort()).toEqual(all.sort());
  });

  test.each<[Record<string, string>, string[]]>([
    [{}, []],
    [{ JWT_LOGOUT_AUDIENCE: '', OAUTH_CLIENTS: '', OAUTH_CLIENTS_PARAMETER: '' }, []],
    [{ JWT_ISSUERS: '[{"issuer":"a"}]' }, []],
    [{ JWT_LOGOUT_AUDIENCE: 'web' }, ['backchannel-logout']],
    [
      { JWT_ISSUERS: '[{"issuer":"a"},{"issuer":"b","logoutAudience":"web"}]' },
      ['backchannel-logout'],
    ],
    [{ OAUTH_CLIENTS: '{}' }, ['introspect', 'revoke']],
    [{ OAUTH_CLIENTS_PARAMETER: '/a' }, ['introspect', 'revoke']],
  ])('beside the routes of every deployment, %j brings %j', (environment, names) => {
    for (const prefix of ['/api/v1/auth', '/session']) {
      const document = documentOf({ ...environment, PATH_PREFIX: prefix });
      const usual = routesOf(documentOf({ PATH_PREFIX: prefix }));
      const brought = routesOf(document).filter((route) => !usual.includes(route));
      expect(brought).toEqual(names.map((name) => `POST ${prefix}/${name}`));
    }
  });

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
      expect(response).toEqual(answer(200, openApiDocument));
    } finally {
      process.env = before;
    }
  });
});
