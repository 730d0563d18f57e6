import { words } from '../../lib/shared/environment.ts';
import { readService, readStages } from '../../support/service-file.ts';

interface Statement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
}

interface ServerlessFile {
  readonly provider: {
    readonly environment: Readonly<Record<string, unknown>>;
    readonly logs: { readonly httpApi: { readonly format: string } };
    readonly httpApi: { readonly cors: Readonly<Record<string, unknown>> };
  };
}

const template = readService<ServerlessFile>('.');
const stages = readStages('.');
const { Resources: resources } = template.resources;
const roles = Object.entries(template.functions).map(([name, { role }]) => [name, role] as const);
/** Of functions that have nothing to do with tokens and sessions. */
const DOCUMENTING = ['OpenapiRole'];

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

  if (role === 'AdminRole') {
    test('verifies no token, and reads no secret', () => {
      expect(actionsOf(role, 'ssm')).toEqual([]);
    });
    return;
  }

  test('can read the one parameter that holds the secret, and change none', () => {
    const ssm = statementsOf(role).filter(({ Action }) => [Action].flat().join().includes('ssm:'));
    expect(ssm.map(({ Action }) => Action)).toEqual(['ssm:GetParameter']);
    expect(JSON.stringify(ssm[0]?.Resource)).toMatch(
      /:parameter\/\$\{self:service\}\/\$\{sls:stage\}\/jwt-secret"\}$/,
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
  for (const stage of ['default', 'dev']) expect(stages[stage]?.throttleRate).toBeGreaterThan(0);
});

test('browsers may send no cookies, only the methods that are used, and the headers of tracing', () => {
  const { allowCredentials = false, allowedMethods } = template.provider.httpApi.cors;
  expect(allowCredentials).toBe(false);
  expect(allowedMethods).toEqual(['GET', 'POST', 'DELETE', 'OPTIONS']);
  expect(words(String(stages.default?.allowedHeaders))).toEqual([
    ...['Authorization', 'Content-Type', 'X-Requested-With'],
    ...['sentry-trace', 'baggage', 'traceparent', 'tracestate'],
    ...['trace-id', 'parent-id', 'origin', 'sampling-priority'].map((name) => `x-datadog-${name}`),
  ]);
});

test('no secret is a variable of a function', () => {
  const names = Object.keys(template.provider.environment);
  expect(names).toContain('JWT_SECRET_PARAMETER');
  expect(names.filter((name) => /SECRET|PASSWORD|TOKEN/.test(name))).toEqual([
    'JWT_SECRET_PARAMETER',
  ]);
});

test('every stage but dev redacts what a 500 says, and keeps its table', () => {
  const strict = { errorDetails: 'redacted', protectTable: true, tableDeletionPolicy: 'Retain' };
  const { default: common, dev: _, ...others } = stages;
  expect(common).toMatchObject({ ...strict, logRetentionDays: 90, throttleRate: 1_000 });
  for (const own of Object.values(others))
    for (const name of Object.keys(strict)) expect(own ?? {}).not.toHaveProperty(name);
});

test('the table is encrypted, and forgets a session when its life is over', () => {
  expect(resources.SessionsTable?.Properties).toMatchObject({
    SSESpecification: { SSEEnabled: true },
    TimeToLiveSpecification: { AttributeName: 'expires_at', Enabled: true },
  });
});

describe('the stack', () => {
  test.each([
    ['logout', ['BatchGetItem', 'UpdateItem', 'DeleteItem', 'Query', 'BatchWriteItem']],
    ['me', ['BatchGetItem']],
    ['listSessions', ['BatchGetItem', 'Query']],
    ['deleteSession', ['BatchGetItem', 'DeleteItem']],
    ['authorizer', ['BatchGetItem']],
    ['admin', ['BatchGetItem', 'Query', 'UpdateItem', 'DeleteItem', 'BatchWriteItem']],
    ['openapi', []],
  ])('allows %s exactly %j on the table', (name, actions) => {
    const role = template.functions[name]?.role ?? '';
    expect(actionsOf(role, 'dynamodb')).toEqual(actions.map((action) => `dynamodb:${action}`));
  });

  test('puts each function behind its route, and the authorizer behind none', () => {
    const routes = Object.entries(template.functions).map(([name, { handler, events = [] }]) => [
      name,
      handler,
      ...events.map(({ httpApi }) => httpApi),
    ]);
    expect(routes).toEqual([
      ['logout', 'handlers/logout.handler', 'POST /api/v1/auth/logout'],
      ['me', 'handlers/me.handler', 'GET /api/v1/auth/me'],
      ['listSessions', 'handlers/list-sessions.handler', 'GET /api/v1/auth/sessions'],
      ['deleteSession', 'handlers/delete-session.handler', 'DELETE /api/v1/auth/sessions/{id}'],
      ['authorizer', 'handlers/authorizer.handler'],
      ['admin', 'handlers/admin.handler'],
      ['openapi', 'handlers/openapi.handler', 'GET /openapi.json'],
    ]);
  });

  test('runs on arm64 with 1 GB, 10 s and traces, and keeps logs and throttles by stage', () => {
    expect(template.provider).toMatchObject({
      runtime: 'nodejs24.x',
      architecture: 'arm64',
      timeout: 10,
      memorySize: 1024,
      tracing: { lambda: true },
    });
    expect(stages.dev).toMatchObject({
      logRetentionDays: 14,
      throttleRate: 200,
      throttleBurst: 400,
    });
    expect(stages.default).toMatchObject({
      logRetentionDays: 90,
      throttleRate: 1000,
      throttleBurst: 2000,
    });
  });

  test('salts hashed ids with the stack’s id, which nobody can guess', () => {
    expect(template.provider.environment.LOG_SALT).toBe('AWS::StackId');
  });

  test('lets browsers read the error id, and remember the answer for ten minutes', () => {
    expect(template.provider.httpApi.cors).toMatchObject({
      exposedResponseHeaders: ['X-Error-ID'],
      maxAge: 600,
    });
  });

  test('has exactly these alarms and outputs', () => {
    const alarms = Object.values(resources)
      .map(({ Properties }) => Properties.AlarmName)
      .filter((name) => typeof name === 'string')
      .map((name) => name.replace(/^.*\}-/, ''));
    expect(alarms.sort()).toEqual([
      'admin-refusals',
      'bad-signatures',
      'function-crashes',
      'function-throttles',
      'latency',
      'logout-errors',
      'malformed-credentials',
      'outside-ends',
      'server-errors',
      'stale-keys',
      'table-throttles',
      'unexpected-errors',
      'unknown-keys',
      'wrong-addresses',
    ]);
    const { Outputs } = template.resources as { readonly Outputs?: object };
    expect(Object.keys(Outputs ?? {}).sort()).toEqual([
      'AdminPolicyArn',
      'AuthorizerArn',
      'DomainTarget',
      'SessionsTableName',
    ]);
  });
});
