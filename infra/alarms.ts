import type { DeployedFunction } from './stack.ts';
import { isOn, type Switches } from './switches.ts';

/** Namespace of the service's own metrics. */
export const NAMESPACE = '${self:service}';
/** Namespace of metrics that metric filters make of log lines. */
const FROM_LOGS = '${self:service}/${sls:stage}';

/** Reasons for which no client of a login service is refused, by the parameter of their threshold. */
export const SUSPICIOUS = {
  badSignatureThreshold: ['bad_signature'],
  unknownKeyThreshold: ['unknown_key'],
  wrongAddressThreshold: [
    'wrong_issuer',
    'wrong_audience',
    'missing_claim',
    'security_event',
    'no_logout_event',
    'sender_constrained',
  ],
  malformedThreshold: [
    'malformed',
    'malformed_header',
    'unsupported_header',
    'unsupported_type',
    'algorithm_not_allowed',
    'too_large',
    'invalid_claims',
    'invalid_session_reference',
  ],
} as const;

interface Metric {
  readonly Namespace: string;
  readonly MetricName: string;
  readonly Dimensions?: readonly object[];
}

/** The alarms and the metric filters behind two of them, by logical id. */
export function alarms(
  functions: readonly DeployedFunction[],
  { alarmTopicArn, idleTimeout }: Switches,
) {
  const topic = [alarmTopicArn].filter(isOn);
  const ofLambda = (metric: string, { lambda }: DeployedFunction) =>
    of('AWS/Lambda', metric, 'FunctionName', lambda);
  // Lambda counts a thrown 401 as an error, so crashes are counted by Lambda's log lines.
  const crashes = (each: DeployedFunction) =>
    each.throwsDenials ? fromLogs(`${each.name}_crashed`) : ofLambda('Errors', each);
  const crashLines = functions
    .filter(({ throwsDenials }) => throwsDenials)
    .map(({ name, logGroup }) => metricFilter(`${name}_crashed`, logGroup, CRASH));
  const resources = [
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
      ofTable('ReadThrottleEvents'),
      ofTable('WriteThrottleEvents'),
    ]),
    alarm(
      'latency',
      'The slowest hundredth is too slow.',
      [of('AWS/ApiGateway', 'Latency', 'ApiId', 'HttpApi')],
      P99,
    ),
    ...(isOn(idleTimeout)
      ? [alarm('idle-touches', 'The last use of sessions is not written.', own('touch.failed'))]
      : []),
    ...(functions.some(({ when }) => when === 'oauthClients')
      ? [alarm('client-refusals', 'OAuth clients were refused.', own('client.refused'), SEVERAL)]
      : []),
    alarm(
      'admin-refusals',
      'A wrong request of administrators ended nothing.',
      own('admin.refused'),
    ),
    alarm(
      'outside-ends',
      'Administrators and identity providers have ended many sessions.',
      own('ended.admin', 'ended.identity-provider'),
      { Period: 300, Threshold: '${param:outsideEndsThreshold}' },
    ),
    refused('bad-signatures', 'Many tokens with a bad signature.', 'badSignatureThreshold'),
    refused('unknown-keys', 'Many tokens of an unknown key.', 'unknownKeyThreshold'),
    refused('wrong-addresses', 'Many tokens of or for somebody else.', 'wrongAddressThreshold'),
    refused('malformed-credentials', 'Much that is no token.', 'malformedThreshold'),
  ].map(([id, properties]) => {
    const Properties = { ...properties, AlarmActions: topic, OKActions: topic };
    return [id, { Type: 'AWS::CloudWatch::Alarm', Properties }] as const;
  });
  // The access log has the gateway's own failures as well.
  const failures = metricFilter('logout_failed', 'HttpApiLogGroup', FAILED_LOGOUT);
  return Object.fromEntries([failures, ...crashLines, ...resources]);
}

/** Twice in 15 minutes, and not for a handful of requests, among which one cold start is the p99. */
const P99 = {
  Period: 300,
  Threshold: '${param:latencyThreshold}',
  Statistic: undefined,
  ExtendedStatistic: 'p99',
  EvaluationPeriods: 3,
  DatapointsToAlarm: 2,
  EvaluateLowSampleCountPercentile: 'ignore',
};
/** One request of a scanner is no alarm; a client with a wrong secret tries at each request of its own. */
const SEVERAL = { Period: 300, Threshold: 10 };
const CRASH = '?"Task timed out" ?"Runtime exited" ?"Runtime.ExitError"';
const FAILED_LOGOUT =
  '{ ($.route = "POST ${param:pathPrefix}/logout" || $.route = "POST ${param:pathPrefix}/revoke") && $.status = "5*" }';

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

function refused(name: string, meaning: string, parameter: keyof typeof SUSPICIOUS) {
  const metrics = own(...SUSPICIOUS[parameter].map((reason) => `refused.${reason}`));
  return alarm(name, meaning, metrics, { Period: 300, Threshold: `\${param:${parameter}}` });
}

function own(...names: readonly string[]): readonly Metric[] {
  const Dimensions = [{ Name: 'service', Value: '${self:service}-${sls:stage}' }];
  return names.map((MetricName) => ({ Namespace: NAMESPACE, MetricName, Dimensions }));
}

function of(Namespace: string, MetricName: string, Name: string, Ref: string): Metric {
  return { Namespace, MetricName, Dimensions: [{ Name, Value: { Ref } }] };
}

function ofTable(MetricName: string): Metric {
  const Dimensions = [{ Name: 'TableName', Value: '${param:tableName}' }];
  return { Namespace: 'AWS/DynamoDB', MetricName, Dimensions };
}

function fromLogs(MetricName: string): Metric {
  return { Namespace: FROM_LOGS, MetricName };
}

function metricFilter(MetricName: string, logGroup: string, FilterPattern: string) {
  const MetricTransformations = [{ MetricNamespace: FROM_LOGS, MetricName, MetricValue: '1' }];
  const Properties = { LogGroupName: { Ref: logGroup }, FilterPattern, MetricTransformations };
  return [`${pascal(MetricName)}Filter`, { Type: 'AWS::Logs::MetricFilter', Properties }] as const;
}

/** `server-error` → `ServerError`. */
function pascal(name: string): string {
  return name.replaceAll(/(?:^|[-_])([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
