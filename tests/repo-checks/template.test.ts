import { readService } from '../../support/service-file.ts';

interface Statement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
}

interface ServerlessFile {
  readonly params: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly provider: {
    readonly environment: Readonly<Record<string, unknown>>;
    readonly logs: { readonly httpApi: { readonly format: string } };
    readonly httpApi: { readonly cors: Readonly<Record<string, unknown>> };
  };
}

const template = readService<ServerlessFile>('.');
const { Resources: resources } = template.resources;
const roles = Object.entries(template.functions).map(([name, { role }]) => [name, role] as const);
/** Of functions that have nothing to do with tokens and sessions. */
const DOCUMENTING = ['OpenapiRole', 'DocsRole'];

/** The statements of a role, also those that a condition chooses. */
function statementsOf(role: string): readonly Statement[] {
  const found: Statement[] = [];
  const look = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    if ('Effect' in value && 'Resource' in value) found.push(value as Statement);
    else Object.values(value).forEach(look);
  };
  look(resources[role]?.Properties.Policies);
  return found;
}

function actionsOf(role: string, service: string): readonly string[] {
  return statementsOf(role)
    .flatMap(({ Action }) => Action)
    .filter((action) => action.startsWith(`${service}:`));
}

test('every function has a role of its own', () => {
  expect(new Set(roles.map(([, role]) => role)).size).toBe(roles.length);
});

describe.each(roles)('the role of %s', (_, role) => {
  test('allows named actions on named resources, and by wildcard only what knows no resources', () => {
    const statements = statementsOf(role);
    expect(statements.length).toBeGreaterThan(0);
    for (const { Effect, Action, Resource } of statements) {
      expect(Effect).toBe('Allow');
      for (const action of [Action].flat()) expect(action).toMatch(/^[a-z]+:[A-Z]\w+$/);
      const traces = [Action].flat().every((action) => action.startsWith('xray:'));
      if (!traces) expect(JSON.stringify(Resource)).not.toMatch(/"\*"/);
    }
  });

  test('can write the log, and neither read nor delete it', () => {
    expect(actionsOf(role, 'logs')).toEqual(['logs:CreateLogStream', 'logs:PutLogEvents']);
  });

  if (DOCUMENTING.includes(role)) {
    test('allows writing logs and traces, and nothing else', () => {
      const actions = statementsOf(role).flatMap(({ Action }) => Action);
      expect(actions.filter((action) => !/^(logs|xray):/.test(action))).toEqual([]);
    });
    return;
  }

  test('can read the one parameter that holds the secret, and change none', () => {
    const ssm = statementsOf(role).filter(({ Action }) => [Action].flat().join().includes('ssm:'));
    expect(ssm.map(({ Action }) => Action)).toEqual(['ssm:GetParameter']);
    expect(JSON.stringify(ssm[0]?.Resource)).toMatch(
      /:parameter\$\{param:jwtSecretParameter\}"\}$/,
    );
  });
});

test.each(['MeRole', 'AuthorizerRole'])('%s can change no session', (role) => {
  expect(actionsOf(role, 'dynamodb')).toEqual(['dynamodb:BatchGetItem']);
});

test('no function can create a session, which is for the login service', () => {
  const actions = roles.flatMap(([, role]) => actionsOf(role, 'dynamodb'));
  expect(actions).not.toContain('dynamodb:PutItem');
});

test('every route has one method, and what changes something is no GET', () => {
  const routes = Object.values(template.functions).flatMap(({ events = [] }) =>
    events.map(({ httpApi }) => httpApi),
  );
  expect(routes).toEqual([
    'POST /api/v1/auth/logout',
    'GET /api/v1/auth/me',
    'GET /api/v1/auth/sessions',
    'DELETE /api/v1/auth/sessions/{id}',
    'GET /openapi.json',
  ]);
});

test('every route is throttled, and every request of the gateway logged without what clients send', () => {
  const { format } = template.provider.logs.httpApi;
  const variables = [...format.matchAll(/\$context\.([\w.]+)/g)].map(([, name]) => name);
  expect(variables).toEqual(expect.arrayContaining(['requestId', 'routeKey', 'status']));
  expect(
    variables.filter((name) => /path|header|query|authorizer|claims/i.test(`${name}`)),
  ).toEqual([]);
  expect(JSON.stringify(template.resources)).toMatch(
    /"DefaultRouteSettings":\{[^}]*\$\{param:throttleRate\}[^}]*\$\{param:throttleBurst\}/,
  );
  for (const stage of ['default', 'prod'])
    expect(template.params[stage]?.throttleRate).toBeGreaterThan(0);
});

test('browsers may send no cookies, and only the methods and headers that are used', () => {
  const {
    allowCredentials = false,
    allowedMethods,
    allowedHeaders,
  } = template.provider.httpApi.cors;
  expect(allowCredentials).toBe(false);
  expect(allowedMethods).toEqual(['GET', 'POST', 'DELETE', 'OPTIONS']);
  expect(allowedHeaders).toEqual(['Authorization', 'Content-Type']);
});

test('no secret is a variable of a function', () => {
  const names = Object.keys(template.provider.environment);
  expect(names).toContain('JWT_SECRET_PARAMETER');
  expect(names.filter((name) => /SECRET|PASSWORD|TOKEN/.test(name))).toEqual([
    'JWT_SECRET_PARAMETER',
  ]);
});

test('prod redacts what a 500 says, and keeps its table', () => {
  expect(template.params.prod).toMatchObject({
    errorDetails: 'redacted',
    protectTable: true,
    tableDeletionPolicy: 'Retain',
  });
});

test('the table is encrypted, and forgets a session when its life is over', () => {
  expect(resources.SessionsTable?.Properties).toMatchObject({
    SSESpecification: { SSEEnabled: true },
    TimeToLiveSpecification: { AttributeName: 'expires_at', Enabled: true },
  });
});
