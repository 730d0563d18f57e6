import { words } from '../../lib/shared/environment.ts';
import { readService, readStages } from '../../support/service-file.ts';

interface ServerlessFile {
  readonly custom: { readonly esbuild: { readonly target: string } };
  readonly provider: {
    readonly runtime: string;
    readonly environment: Readonly<Record<string, unknown>>;
    readonly logs: { readonly httpApi: { readonly format: string } };
    readonly httpApi: { readonly cors: Readonly<Record<string, unknown>> };
  };
}

const template = readService<ServerlessFile>('.');
const stages = readStages('.');
const { Resources: resources } = template.resources;

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
  const { cors } = template.provider.httpApi;
  expect(cors).not.toHaveProperty('allowCredentials');
  expect(cors).toMatchObject({
    allowedMethods: ['GET', 'POST', 'DELETE', 'OPTIONS'],
    // Scripts may read the error id; an answer to a preflight request is kept for ten minutes.
    exposedResponseHeaders: ['X-Error-ID'],
    maxAge: 600,
  });
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

test('functions run on arm64, which docs/cost.md has the price of, with traces', () => {
  expect(template.provider).toMatchObject({ architecture: 'arm64', tracing: { lambda: true } });
  expect(template.provider.runtime).toBe(
    `${template.custom.esbuild.target.replace('node', 'nodejs')}.x`,
  );
});

test('hashed ids are salted with the stack’s id, which nobody can guess', () => {
  expect(template.provider.environment.LOG_SALT).toBe('AWS::StackId');
});

test('the stack has exactly these outputs', () => {
  const { Outputs } = template.resources as { readonly Outputs?: object };
  expect(Object.keys(Outputs ?? {}).sort()).toEqual([
    'AdminPolicyArn',
    'AuthorizerArn',
    'DomainTarget',
    'SessionsTableName',
  ]);
});
