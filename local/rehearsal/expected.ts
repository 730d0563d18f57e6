/**
 * What a deployment with the default parameters has to be. It is written down a second time, and not read
 * from serverless.yml: a rehearsal that believes the template shows nothing.
 */

export type Stage = 'dev' | 'prod';
export const STAGES: readonly Stage[] = ['dev', 'prod'];

/** Functions by name, with what each may do with the table: what it calls, and nothing else. */
const EVERYWHERE: Readonly<Record<string, readonly string[]>> = {
  logout: ['BatchGetItem', 'BatchWriteItem', 'DeleteItem', 'Query', 'UpdateItem'],
  me: ['BatchGetItem'],
  sessions: ['BatchGetItem', 'Query'],
  endSession: ['BatchGetItem', 'DeleteItem'],
  authorizer: ['BatchGetItem'],
  openapi: [],
};

export const FUNCTIONS: Readonly<Record<Stage, typeof EVERYWHERE>> = {
  dev: { ...EVERYWHERE, docs: [] },
  prod: EVERYWHERE,
};

/** These know no token, so that they may read no secret either. */
const DOCUMENTING: readonly string[] = ['openapi', 'docs'];

const ROUTES_EVERYWHERE: Readonly<Record<string, string>> = {
  'POST /api/v1/auth/logout': 'LogoutLambdaFunction',
  'GET /api/v1/auth/me': 'MeLambdaFunction',
  'GET /api/v1/auth/sessions': 'SessionsLambdaFunction',
  'DELETE /api/v1/auth/sessions/{id}': 'EndSessionLambdaFunction',
  'GET /openapi.json': 'OpenapiLambdaFunction',
};

/** Routes, and the functions behind them. */
export const ROUTES: Readonly<Record<Stage, typeof ROUTES_EVERYWHERE>> = {
  dev: {
    ...ROUTES_EVERYWHERE,
    'GET /docs': 'DocsLambdaFunction',
    'GET /docs/{file}': 'DocsLambdaFunction',
  },
  prod: ROUTES_EVERYWHERE,
};

/** By what comes after the stage in their names. */
export const ALARMS: readonly string[] = [
  'bad-signatures',
  'function-crashes',
  'function-throttles',
  'latency',
  'logout-errors',
  'malformed-tokens',
  'server-errors',
  'table-throttles',
  'unexpected-errors',
  'unknown-keys',
  'wrong-addresses',
];

export const OUTPUTS: readonly string[] = ['AuthorizerArn', 'HttpApiUrl', 'SessionsTableName'];

interface StageSettings {
  readonly errorDetails: string;
  readonly isProtected: boolean;
  readonly deletionPolicy: string;
  readonly retentionDays: number;
  readonly throttle: { readonly rate: number; readonly burst: number };
}

export const SETTINGS: Readonly<Record<Stage, StageSettings>> = {
  dev: {
    errorDetails: 'full',
    isProtected: false,
    deletionPolicy: 'Delete',
    retentionDays: 14,
    throttle: { rate: 200, burst: 400 },
  },
  prod: {
    errorDetails: 'redacted',
    isProtected: true,
    deletionPolicy: 'Retain',
    retentionDays: 90,
    throttle: { rate: 1000, burst: 2000 },
  },
};

/** The variables of every function, as the template's own parameters leave them. */
export function expectedVariables(name: string, stage: Stage, stackId: string) {
  return {
    SESSIONS_TABLE: `true-logout-${stage}-sessions`,
    JWT_SECRET_PARAMETER: `/true-logout/${stage}/jwt-secret`,
    JWT_PUBLIC_KEY: '',
    JWT_JWKS_URL: '',
    JWT_ALGORITHMS: '',
    JWT_ISSUER: '',
    JWT_AUDIENCE: '',
    ERROR_DETAILS: SETTINGS[stage].errorDetails,
    LOG_SALT: stackId,
    POWERTOOLS_SERVICE_NAME: `true-logout-${stage}`,
    ...(name === 'authorizer' ? { AUTHORIZER_CLAIMS: '' } : {}),
  };
}

/** What a function's role allows, as `action on resource`, sorted. */
export function expectedPermissions(
  name: string,
  stage: Stage,
  arn: (service: string, resource: string) => string,
): readonly string[] {
  const table = arn('dynamodb', `table/true-logout-${stage}-sessions`);
  const logs = arn('logs', `log-group:/aws/lambda/true-logout-${stage}-*:*`);
  return [
    ...(FUNCTIONS[stage][name] ?? []).map((action) => `dynamodb:${action} on ${table}`),
    ...(DOCUMENTING.includes(name)
      ? []
      : [`ssm:GetParameter on ${arn('ssm', `parameter/true-logout/${stage}/jwt-secret`)}`]),
    `logs:CreateLogStream on ${logs}`,
    `logs:PutLogEvents on ${logs}`,
    'xray:PutTelemetryRecords on *',
    'xray:PutTraceSegments on *',
  ].sort();
}
