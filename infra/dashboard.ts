import { NAMESPACE, SUSPICIOUS } from './alarms.ts';
import type { DeployedFunction } from './stack.ts';

const SERVICE = ['service', '${self:service}-${sls:stage}'];
const MINUTE = { period: 60 };
const SUM = { stat: 'Sum', ...MINUTE };
const STACKED = { ...SUM, stacked: true };
const [WIDTH, HEIGHT] = [8, 6];

/** The dashboard; docs/operations.md has a table of the widgets. */
export function dashboard(functions: readonly DeployedFunction[]) {
  const own = (...names: readonly string[]) => names.map((name) => [NAMESPACE, name, ...SERVICE]);
  const ofLambda = (metric: string) =>
    functions.map(({ lambda }) => ['AWS/Lambda', metric, 'FunctionName', `\${${lambda}}`]);
  const api = (metric: string) => ['AWS/ApiGateway', metric, 'ApiId', '${HttpApi}'];
  const table = (metric: string) => ['AWS/DynamoDB', metric, 'TableName', '${param:tableName}'];
  const logs = functions.map(({ logGroup }) => `SOURCE '\${${logGroup}}'`).join(' | ');
  const reasons = [
    ...['session_ended', 'session_idle', 'expired', 'not_yet_valid', 'invalid_auth_time'],
    ...Object.values(SUSPICIOUS).flat(),
  ].map((reason) => `refused.${reason}`);
  const widgets = [
    graph(
      'Logouts by outcome',
      own(
        ...['logout.ended', 'logout.already_ended', 'logout.refused', 'logout.sweep_failed'],
        'admin.refused',
      ),
      STACKED,
    ),
    graph('Checks by outcome', own('check.passed', 'check.refused'), STACKED),
    graph('Refused tokens by reason', own(...reasons), STACKED),
    graph(
      'Requests and failures',
      [
        ...['Count', '4xx', '5xx'].map(api),
        ...own('error', 'list.row_unreadable', 'keys.stale', 'touch.failed', 'client.refused'),
      ],
      SUM,
    ),
    graph('Latency of the API, ms', percentiles([api('Latency')]), MINUTE),
    graph('Latency of DynamoDB, ms', percentiles(own('store_latency')), MINUTE),
    graph('Duration of the functions, p99, ms', ofLambda('Duration'), { stat: 'p99', ...MINUTE }),
    graph(
      'Throttles of functions and table',
      [...ofLambda('Throttles'), ...['ReadThrottleEvents', 'WriteThrottleEvents'].map(table)],
      SUM,
    ),
    log(
      'Cold starts',
      `${logs} | filter @type = "REPORT" | stats count(@initDuration) as cold_starts by bin(1m)`,
      'timeSeries',
    ),
    log(
      'The last errors',
      `${logs} | filter message = "error" | fields @timestamp, route, error_type, error, error_id | sort @timestamp desc | limit 10`,
      'table',
    ),
  ].map((widget, index) => ({
    ...widget,
    x: (index % 3) * WIDTH,
    y: Math.floor(index / 3) * HEIGHT,
    width: WIDTH,
    height: HEIGHT,
  }));
  return {
    Type: 'AWS::CloudWatch::Dashboard',
    Properties: {
      DashboardName: '${self:service}-${sls:stage}',
      DashboardBody: { 'Fn::Sub': JSON.stringify({ widgets }) },
    },
  };
}

function percentiles([metric = []]: readonly (readonly unknown[])[]) {
  return ['p50', 'p99'].map((stat) => [...metric, { stat, label: stat }]);
}

/** @param metrics rows in CloudWatch's notation */
function graph(title: string, metrics: readonly unknown[], settings: object) {
  const properties = { title, region: '${AWS::Region}', view: 'timeSeries', metrics, ...settings };
  return { type: 'metric', properties };
}

function log(title: string, query: string, view: string) {
  return { type: 'log', properties: { title, region: '${AWS::Region}', query, view } };
}
