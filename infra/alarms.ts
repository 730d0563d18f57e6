import type { DeployedFunction } from './stack.ts';
import { isOn, type Switches } from './switches.ts';

/** Namespace of the service's own metrics. */
export const NAMESPACE = 'TrueLogout';
/** Namespace of metrics that metric filters make of log lines. */
const FROM_LOGS = 'TrueLogout/${sls:stage}';

/** Reasons for which no client of a login service is refused: somebody tries something out. */
export const MALFORMED = [
  'malformed',
  'malformed_header',
  'unsupported_header',
  'unsupported_type',
  'algorithm_not_allowed',
  'too_large',
  'invalid_claims',
  'invalid_session_reference',
];

interface Metric {
  readonly Namespace: string;
  readonly MetricName: string;
  readonly Dimensions?: readonly object[];
}

/** The alarms and the metric filters behind two of them, by logical id. */
export function alarms(functions: readonly DeployedFunction[], { alarmTopicArn }: Switches) {
  const topic = isOn(alarmTopicArn) ? [alarmTopicArn] : [];
  const denying = functions.filter(({ throwsDenials }) => throwsDenials);
  const crashes = (each: DeployedFunction) =>
    each.throwsDenials ? fromLogs(`${each.name}_crashed`) : ofLambda('Errors', each);
  const filters = [
    // The access log has the gateway's own failures as well.
    metricFilter(
      'HttpApiLogGroup',
      '{ $.route = "POST /api/v1/auth/logout" && $.status = "5*" }',
      'logout_failed',
    ),
    // Lambda counts a thrown 401 as an error, so crashes are counted by Lambda's log lines.
    ...denying.map(({ name, logGroup }) =>
      metricFilter(
        logGroup,
        '?"Task timed out" ?"Runtime exited" ?"Runtime.ExitError"',
        `${name}_crashed`,
      ),
    ),
  ];
  const perMinute = [
    alarm('server-errors', 'Any 5xx.', [of('AWS/ApiGateway', '5xx', 'ApiId', 'HttpApi')]),
    alarm('logout-errors', 'A logout that failed.', [fromLogs('logout_failed')]),
    // Includes the authorizer, whose errors are 5xx of other APIs.
    alarm('unexpected-errors', 'A line with an error id was written.', own('error')),
    alarm('stale-keys', 'Keys are used past a failed refresh.', own('keys.stale')),
    alarm('function-crashes', 'A function timed out or crashed.', functions.map(crashes)),
    alarm(
      'function-throttles',
      'Lambda rejected invocations.',
      functions.map((each) => ofLambda('Throttles', each)),
    ),
    alarm('table-throttles', 'DynamoDB rejected requests.', [
      of('AWS/DynamoDB', 'ReadThrottleEvents', 'TableName', 'SessionsTable'),
      of('AWS/DynamoDB', 'WriteThrottleEvents', 'TableName', 'SessionsTable'),
    ]),
  ];
  const refusals = [
    refused(
      'bad-signatures',
      'Many tokens with a bad signature.',
      ['bad_signature'],
      'badSignature',
    ),
    refused('unknown-keys', 'Many tokens of an unknown key.', ['unknown_key'], 'unknownKey'),
    refused(
      'wrong-addresses',
      'Many tokens of or for somebody else.',
      ['wrong_issuer', 'wrong_audience'],
      'wrongAddress',
    ),
    refused('malformed-credentials', 'Much that is no token.', MALFORMED, 'malformed'),
  ];
  const latency = alarm(
    'latency',
    'The slowest hundredth is too slow.',
    [of('AWS/ApiGateway', 'Latency', 'ApiId', 'HttpApi')],
    {
      Period: 300,
      Threshold: '${param:latencyThreshold}',
      Statistic: undefined,
      ExtendedStatistic: 'p99',
      // Twice in 15 minutes, and not for a handful of requests, among which one cold start is the p99.
      EvaluationPeriods: 3,
      DatapointsToAlarm: 2,
      EvaluateLowSampleCountPercentile: 'ignore',
    },
  );
  const all = [...perMinute, latency, ...refusals].map(([id, properties]) => [
    id,
    {
      Type: 'AWS::CloudWatch::Alarm',
      Properties: { ...properties, AlarmActions: topic, OKActions: topic },
    },
  ]);
  return Object.fromEntries([...filters, ...all]);
}

/**
 * One alarm on a metric, or on the sum of several.
 *
 * @param meaning first sentence of the description; the second names a heading of docs/operations.md
 * @returns logical id and properties
 */
function alarm(
  name: string,
  meaning: string,
  metrics: readonly Metric[],
  { Period = 60, ...settings }: Readonly<Record<string, unknown>> = {},
) {
  const parts = metrics.map((Metric, index) => ({
    Id: `m${index}`,
    ReturnData: false,
    MetricStat: { Metric, Stat: 'Sum', Period },
  }));
  const properties = {
    AlarmName: `\${self:service}-\${sls:stage}-${name}`,
    AlarmDescription: `${meaning} docs/operations.md, "Alarm: ${name.replaceAll('-', ' ')}"`,
    ComparisonOperator: 'GreaterThanOrEqualToThreshold',
    // A service without requests is well.
    TreatMissingData: 'notBreaching',
    EvaluationPeriods: 1,
    Threshold: 1,
    ...(metrics.length === 1
      ? { ...metrics[0], Statistic: 'Sum', Period }
      : { Metrics: [{ Id: 'all', Expression: 'SUM(METRICS())' }, ...parts] }),
    ...settings,
  };
  const singular = name.replace(/(?<=sh|ss)es$|s$/, '');
  return [`${pascal(singular)}Alarm`, properties] as const;
}

function refused(name: string, meaning: string, reasons: readonly string[], threshold: string) {
  const metrics = own(...reasons.map((reason) => `refused.${reason}`));
  return alarm(name, meaning, metrics, {
    Period: 300,
    Threshold: `\${param:${threshold}Threshold}`,
  });
}

function own(...names: readonly string[]): readonly Metric[] {
  const Dimensions = [{ Name: 'service', Value: '${self:service}-${sls:stage}' }];
  return names.map((MetricName) => ({ Namespace: NAMESPACE, MetricName, Dimensions }));
}

function of(Namespace: string, MetricName: string, Name: string, Ref: string): Metric {
  return { Namespace, MetricName, Dimensions: [{ Name, Value: { Ref } }] };
}

function ofLambda(metric: string, { lambda }: DeployedFunction): Metric {
  return of('AWS/Lambda', metric, 'FunctionName', lambda);
}

function fromLogs(MetricName: string): Metric {
  return { Namespace: FROM_LOGS, MetricName };
}

function metricFilter(logGroup: string, FilterPattern: string, MetricName: string) {
  const MetricTransformations = [{ MetricNamespace: FROM_LOGS, MetricName, MetricValue: '1' }];
  const Properties = { LogGroupName: { Ref: logGroup }, FilterPattern, MetricTransformations };
  return [`${pascal(MetricName)}Filter`, { Type: 'AWS::Logs::MetricFilter', Properties }] as const;
}

/** `server-error` → `ServerError`. */
function pascal(name: string): string {
  return name.replaceAll(/(?:^|[-_])([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
