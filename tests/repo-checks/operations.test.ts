import { globSync, readFileSync } from 'node:fs';
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { stack } from '../../infra/stack.ts';
import { recordEvent } from '../../lib/auth/events.ts';
import { PROBLEMS } from '../../lib/federation/logout-token.ts';
import { prices } from '../../support/prices.ts';
import { readService, readStages } from '../../support/service-file.ts';
import { deploy } from '../support/deployment.ts';
import { errorTable, isInTable } from '../support/error-table.ts';
import { useLog } from '../support/log.ts';
import { issueTestSession, TEST_SECRET } from '../support/signing.ts';
import { useTestStore } from '../support/store.ts';

interface Alarm {
  readonly Type: string;
  readonly Properties: {
    readonly AlarmName: string;
    readonly AlarmDescription: string;
    readonly TreatMissingData: string;
    readonly AlarmActions: unknown;
    readonly OKActions: unknown;
  };
}

interface ServerlessFile {
  readonly provider: { readonly logs: { readonly httpApi: { readonly format: string } } };
}

const store = useTestStore();
const log = useLog();
const page = read('docs/operations.md');
const service = readService<ServerlessFile>('.');
const { resources: generated } = stack({
  alarmTopicArn: 'arn:aws:sns:us-east-1:1:topic',
  idleTimeout: '900',
  oauthClients: '{}',
});
const alarms = Object.entries<Alarm>(generated.Resources as never).filter(
  ([, { Type }]) => Type === 'AWS::CloudWatch::Alarm',
);
const dashboard: string = generated.Resources.Dashboard.Properties.DashboardBody['Fn::Sub'];

function read(path: string): string {
  return readFileSync(path, 'utf8');
}

/** The first column of the table under a heading; a cell may name several, in backticks. */
function namesUnder(heading: string): readonly string[] {
  const [, section = ''] = page.split(`### ${heading}\n`);
  const rows = (section.split(/^#/m)[0] ?? '').split('\n').filter((line) => line.startsWith('| `'));
  return rows
    .flatMap((row) => [...(row.split(' | ')[0] ?? '').matchAll(/`([^`]+)`/g)])
    .map(([, name = '']) => name)
    .sort();
}

/** The members of a union of texts, as the source has it. */
function union(path: string, type: string): readonly string[] {
  const [, members = ''] = new RegExp(`export type ${type} =([^;]+);`).exec(read(path)) ?? [];
  return [...members.matchAll(/'([^']+)'/g)].map(([, member = '']) => member);
}

/** The names in `AuthEvent`, as the source has them; one name may have several shapes. */
const events = [
  ...new Set(
    [...read('lib/auth/events.ts').matchAll(/readonly name: ([^;]+);/g)].flatMap(([, names = '']) =>
      [...names.matchAll(/'([^']+)'/g)].map(([, name = '']) => name),
    ),
  ),
];
const reasons = [
  ...new Set([
    ...Object.keys(PROBLEMS),
    ...union('lib/tokens/verify.ts', 'RefusalReason'),
    ...union('lib/tokens/verify-signed.ts', 'RefusedSignature'),
    ...union('lib/tokens/header.ts', 'RefusedHeader'),
    ...union('lib/tokens/claims.ts', 'RefusedClaims'),
    // Tokens that are ours, and open nothing: what lib/auth/authenticate.ts makes of a verification.
    ...union('lib/tokens/verify.ts', 'AuthenticTokenStatus'),
    ...union('lib/tokens/verify-signed.ts', 'Status').filter((name) => name !== 'verified'),
    ...union('lib/sessions/session-mode.ts', 'SessionDenial'),
  ]),
].sort();
const refused = (text: string) =>
  [...text.matchAll(/\brefused\.(\w+)/g)].map(([, reason = '']) => reason).sort();

describe('docs/operations.md', () => {
  test('has every line, and no other', () => {
    expect(events.length).toBeGreaterThan(5);
    const lines = [...events.filter((event) => event !== 'check.passed'), 'keys.stale', 'error'];
    expect(namesUnder('Lines')).toEqual(lines.sort());
  });

  test('has every reason, and no other', () => {
    expect(reasons.length).toBeGreaterThan(12);
    expect(namesUnder('Reasons')).toEqual(reasons);
  });

  test('has every metric, and no other', () => {
    const source = globSync('lib/**/*.ts').map(read).join('\n');
    const literal = [...source.matchAll(/\b(?:count|addMetric)\('([\w.]+)'/g)].map(
      ([, name = '']) => name,
    );
    expect(literal).toContain('store_latency');
    expect(namesUnder('Metrics')).toEqual(
      [...events, ...literal, 'refused.<reason>', 'ended.<by>'].sort(),
    );
  });

  test('has every error class of the functions, and rolls back none that is known', () => {
    const source = globSync('lib/**/*.ts').map(read).join('\n');
    const classes = [...source.matchAll(/readonly name = '(\w+)'/g)].map(([, name = '']) => name);
    const answered = ['HttpError', 'AdminRequestError'];
    const rows = errorTable();
    const types = rows.flatMap((row) => row.types);
    expect(classes).toContain('StoreError');
    expect(classes.filter((name) => !types.includes(name)).sort()).toEqual(answered.sort());
    expect(rows.at(-1)?.types).toEqual([]);
    expect(rows.filter(({ remedy }) => /roll/i.test(remedy))).toEqual(rows.slice(-1));
    expect(isInTable({ error_type: 'StoreError', error: 'never heard of' })).toBe(false);
  });

  test('has every field that lines have', async () => {
    const { me, logout } = await deploy({ JWT_SECRET: TEST_SECRET }, store.table);
    const { token, session } = await issueTestSession(store);
    await logout(token);
    await logout(token);
    for (const each of [token, 'garbage']) await me(each);
    // A row that can't be read makes an error.
    const row = { ...session, auth_time: 'yesterday' };
    await store.client.send(new PutCommand({ TableName: store.table, Item: row }));
    await me(token);
    const source = { requestId: 'r', route: 'admin', header: () => undefined };
    const ended = { name: 'logout.ended', scope: 'everywhere', session: { sub: 'a' } } as const;
    recordEvent(source, { ...ended, by: { by: 'admin', actor: 'bob', reason: 'left' } });
    recordEvent(source, { ...ended, by: { by: 'identity-provider', issuer: 'https://op' } });
    const lines = log.outcomes();
    expect(lines.map(({ message }) => message)).toEqual([
      ...['logout.ended', 'logout.already_ended', 'check.refused', 'check.refused', 'error'],
      ...['logout.ended', 'logout.ended'],
    ]);
    const fields = new Set(lines.flatMap((line) => Object.keys(line)));
    fields.delete('message');
    expect(namesUnder('Fields')).toEqual([...fields].sort());
  });

  test('has every field of the access log', () => {
    const { format } = service.provider.logs.httpApi;
    const [, described = ''] = /The access log has ([\s\S]+?)\.\n/.exec(page) ?? [];
    for (const field of Object.keys(JSON.parse(format)))
      expect(described).toContain(`\`${field}\``);
  });

  test('has a part for every alarm, under the heading that the alarm names, and for no other', () => {
    const named = alarms.map(
      ([, { Properties }]) =>
        /docs\/operations\.md, "(.+)"$/.exec(Properties.AlarmDescription)?.[1],
    );
    const headings = [...page.matchAll(/^### (Alarm: .+)$/gm)].map(([, heading]) => heading);
    expect(headings.length).toBeGreaterThan(8);
    expect(named.sort()).toEqual(headings.sort());
    for (const [, { Properties }] of alarms) {
      const name = Properties.AlarmName.replace(/^.*\}-/, '');
      expect(page).toContain(`\n\`${name}\`: `);
    }
  });
});

describe('the alarms', () => {
  test('tell nobody where there is no topic', () => {
    expect(JSON.stringify(stack({}).resources)).not.toContain('arn:aws:sns');
  });

  test.each(alarms)('%s takes silence for no alarm, and tells the topic both ways', (_, alarm) => {
    const { TreatMissingData, AlarmActions, OKActions } = alarm.Properties;
    expect(TreatMissingData).toBe('notBreaching');
    expect(AlarmActions).toEqual(['arn:aws:sns:us-east-1:1:topic']);
    expect(OKActions).toEqual(AlarmActions);
  });

  test('watch only reasons that there are, and all but those of tokens whose time is over or to come', () => {
    const ordinary = [
      ...['expired', 'not_yet_valid', 'session_ended', 'session_idle', 'invalid_auth_time'],
    ];
    expect(refused(JSON.stringify(alarms))).toEqual(
      reasons.filter((reason) => !ordinary.includes(reason)),
    );
  });
});

test('the dashboard is JSON, and shows every event and every reason', () => {
  const { widgets } = JSON.parse(dashboard);
  expect(widgets.length).toBeGreaterThan(8);
  expect(refused(dashboard)).toEqual(reasons);
  for (const name of [...events, 'error', 'store_latency'])
    expect(dashboard).toContain(`"${name}"`);
});

test('the page on deploying has every parameter of a deployment', () => {
  const [, parameters = ''] = read('docs/deploy.md').split('## Parameters\n');
  for (const name of Object.keys(readStages('.').default ?? {}))
    expect(parameters).toContain(`\`${name}\``);
});

test('the pages on deploying and cost have what alarms and dashboard cost a month', () => {
  const deploy = read('docs/deploy.md');
  const cost = read('docs/cost.md');
  const metrics = alarms.map(([, { Properties }]) =>
    Math.max(1, JSON.stringify(Properties).match(/"MetricStat"/g)?.length ?? 0),
  );
  const sum = metrics.reduce((all, each) => all + each, 0);
  const dollars = (sum * prices.alarmMetricMonth).toFixed(2);
  expect(deploy).toContain(`${alarms.length} alarms on ${sum} metrics: ${dollars} dollars a month`);
  expect(deploy).toContain(`| ${prices.dashboardMonth.toFixed(2)} dollars a month |`);
  const together = sum * prices.alarmMetricMonth + prices.dashboardMonth;
  for (const cell of [
    `| ${alarms.length} alarms on ${sum} metrics | ${dollars} |`,
    `| dashboard | ${prices.dashboardMonth.toFixed(2)} |`,
    `| together | ${together.toFixed(2)} |`,
    `own metrics costs ${prices.metricMonth.toFixed(2)} a month`,
    `at ${prices.keyMonth.toFixed(2)} a month each`,
  ])
    expect(cost).toContain(cell);
});

test('the policy for whoever deploys names the services of every resource, and the service’s own names alone', () => {
  const { Statement } = JSON.parse(read('docs/deployer-policy.json'));
  const services = (Statement as readonly { readonly Action: readonly string[] }[]).flatMap(
    ({ Action }) => Action.map((action) => action.split(':')[0]),
  );
  const named: Readonly<Record<string, string>> = { ApiGatewayV2: 'apigateway' };
  const types = Object.values<{ readonly Type: string }>(service.resources.Resources as never);
  for (const { Type } of types) {
    const name = Type.split('::')[1] ?? '';
    expect(services).toContain(named[name] ?? name.toLowerCase());
  }
  // Everything that is not a list or the gateway's is bound to the name.
  const bound = /true-logout-\*|^\*$|^arn:aws:apigateway:/;
  const resources = Statement.flatMap(({ Resource }: { Resource: unknown }) => Resource);
  expect(resources.filter((resource: string) => !bound.test(resource))).toEqual([]);
  expect(services).toContain('s3');
});
