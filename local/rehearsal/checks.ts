import { isDeepStrictEqual } from 'node:util';
import { GetDashboardCommand } from '@aws-sdk/client-cloudwatch';
import { DescribeLogGroupsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { GetFunctionConfigurationCommand } from '@aws-sdk/client-lambda';
import {
  ALARMS,
  expectedPermissions,
  expectedVariables,
  FUNCTIONS,
  OUTPUTS,
  ROUTES,
  SETTINGS,
  type Stage,
} from './expected.ts';
import { permissionsOf } from './permissions.ts';
import { type Clients, resourcesOf, type Stack } from './stack.ts';

/** Says whether what was found is what is expected; it never throws over a difference. */
export type Check = (what: string, found: unknown, expected: unknown) => void;

/** Compares, and prints a line for each check. */
export function checker(write: (line: string) => void) {
  const counts = { passed: 0, failed: 0 };
  const check: Check = (what, found, expected) => {
    const same = isDeepStrictEqual(found, expected);
    counts[same ? 'passed' : 'failed'] += 1;
    write(same ? `ok   ${what}` : `FAIL ${what}: ${text(found)}, not ${text(expected)}`);
  };
  return { check, counts };
}

function text(value: unknown): string {
  return JSON.stringify(value) ?? 'undefined';
}

/** The functions: how they run, what they are told, and what each may do. */
export async function checkFunctions(
  { lambda, iam, logs }: Clients,
  stack: Stack,
  stage: Stage,
  check: Check,
): Promise<void> {
  // arn:aws:cloudformation:REGION:ACCOUNT:stack/…
  const [, partition, , region, account] = stack.id.split(':');
  const arn = (service: string, resource: string) =>
    `arn:${partition}:${service}:${region}:${account}:${resource}`;
  const functions = resourcesOf(stack, 'AWS::Lambda::Function').map(
    ([, { Properties }]) => Properties,
  );
  check(
    'functions: these',
    functions.map(({ FunctionName }) => FunctionName),
    Object.keys(FUNCTIONS[stage]).map((name) => `true-logout-${stage}-${name}`),
  );
  for (const name of Object.keys(FUNCTIONS[stage])) {
    const FunctionName = `true-logout-${stage}-${name}`;
    const found = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
    check(`${name}: runtime`, found.Runtime, 'nodejs24.x');
    check(`${name}: time-out in seconds`, found.Timeout, 10);
    check(`${name}: memory in MB`, found.MemorySize, 1_024);
    const asked = functions.find((each) => each.FunctionName === FunctionName);
    const { Architectures, TracingConfig } = (stack.isMoto ? asked : found) ?? {};
    check(`${name}: architecture`, Architectures, ['arm64']);
    check(`${name}: tracing`, TracingConfig, { Mode: 'Active' });
    check(
      `${name}: variables`,
      sorted(found.Environment?.Variables),
      sorted(expectedVariables(name, stage, stack.id)),
    );
    const role = found.Role?.split('/').pop() ?? '';
    check(
      `${name}: exactly these permissions`,
      await permissionsOf(iam, role),
      expectedPermissions(name, stage, arn),
    );
    const { logGroups } = await logs.send(
      new DescribeLogGroupsCommand({ logGroupNamePrefix: `/aws/lambda/${FunctionName}` }),
    );
    const group = logGroups?.find((each) => each.logGroupName === `/aws/lambda/${FunctionName}`);
    check(`${name}: days of log`, group?.retentionInDays, SETTINGS[stage].retentionDays);
  }
}

function sorted(variables: Readonly<Record<string, string>> = {}) {
  return Object.entries(variables).sort(([one], [other]) => (one < other ? -1 : 1));
}

/** The API, as CloudFormation was asked for it. */
export function checkApi(stack: Stack, stage: Stage, check: Check): void {
  const routes = resourcesOf(stack, 'AWS::ApiGatewayV2::Route').map(([, { Properties }]) => [
    Properties.RouteKey,
    functionBehind(stack, Properties.Target),
  ]);
  check('routes, and their functions', Object.fromEntries(routes), ROUTES[stage]);
  const { DefaultRouteSettings, AccessLogSettings } = stack.template.HttpApiStage?.Properties ?? {};
  const { rate, burst } = SETTINGS[stage].throttle;
  check('routes: throttled, and measured one by one', DefaultRouteSettings, {
    DetailedMetricsEnabled: true,
    ThrottlingRateLimit: rate,
    ThrottlingBurstLimit: burst,
  });
  const { Format } = (AccessLogSettings ?? {}) as { Format?: string };
  check('access log: these fields, no header', Object.keys(JSON.parse(Format ?? '{}')), [
    ...['time', 'requestId', 'sourceIp', 'route', 'status', 'latency', 'integrationStatus'],
    ...['integrationLatency', 'integrationError', 'error', 'integrationRequestId'],
  ]);
  check('CORS', stack.template.HttpApi?.Properties.CorsConfiguration, {
    AllowOrigins: { 'Fn::Split': [',', '*'] },
    AllowHeaders: ['Authorization', 'Content-Type'],
    AllowMethods: ['GET', 'POST', 'DELETE', 'OPTIONS'],
    ExposeHeaders: ['X-Error-ID'],
    MaxAge: 600,
  });
}

/** Follows a route's `integrations/<id>` to its integration, and that to its function. */
function functionBehind(stack: Stack, target: unknown): string {
  const integration = /"Ref":"(\w+)"/.exec(JSON.stringify(target))?.[1] ?? '';
  const uri = JSON.stringify(stack.template[integration]?.Properties.IntegrationUri);
  return /"Fn::GetAtt":\["(\w+)"/.exec(uri)?.[1] ?? '';
}

/** What tells somebody: alarms, the dashboard and the outputs. */
export async function checkOperations(
  { cloudWatch }: Clients,
  stack: Stack,
  stage: Stage,
  check: Check,
): Promise<void> {
  const alarms = resourcesOf(stack, 'AWS::CloudWatch::Alarm').map(
    ([, { Properties }]) => Properties,
  );
  check(
    'alarms: these',
    alarms.map(({ AlarmName }) => AlarmName).sort(),
    ALARMS.map((name) => `true-logout-${stage}-${name}`),
  );
  check(
    'alarms: silence is no alarm',
    new Set(alarms.map(({ TreatMissingData }) => TreatMissingData)),
    new Set(['notBreaching']),
  );
  const { DashboardBody = '{}' } = await cloudWatch.send(
    new GetDashboardCommand({ DashboardName: `true-logout-${stage}` }),
  );
  check('dashboard: widgets', JSON.parse(DashboardBody).widgets?.length, 10);
  const open = [...DashboardBody.matchAll(/\$\{(\w+)\}/g)].map(([, id = '']) => id);
  check(
    'dashboard: names what was made',
    open.filter((id) => stack.made.has(id)),
    [],
  );
  const outputs = stack.isMoto ? stack.outputNames : stack.outputs;
  check(
    'outputs',
    OUTPUTS.filter((name) => !outputs.includes(name)),
    [],
  );
}
