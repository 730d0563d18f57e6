/** What the role of each function allows, by the parameters of the deployment. */
import { stack } from '../../infra/stack.ts';

interface Statement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
  readonly Condition?: object;
}

type Switches = Readonly<Record<string, string>>;

/** With these, a deployment has every function. */
const SWITCHES = {
  jwtSecretParameter: '/own/secret',
  oauthClients: '{}',
  jwtLogoutAudience: 'web',
};

/** The statements of each function's role. */
function rolesOf(switches: Switches): readonly (readonly [string, readonly Statement[]])[] {
  const { functions, resources } = stack({ ...SWITCHES, ...switches });
  return Object.entries(functions).map(([name, { role }]) => {
    const [policy] = Object(resources.Resources)[role].Properties.Policies;
    return [name, policy.PolicyDocument.Statement];
  });
}

/** Actions of one service, without its name. */
const actionsOf = (statements: readonly Statement[], service: string) =>
  statements
    .flatMap(({ Action }) => Action)
    .flatMap((action) => (action.startsWith(`${service}:`) ? [action.split(':')[1]] : []));

const issuers = (...modes: readonly string[]) =>
  JSON.stringify(modes.map((sessions, index) => ({ sessions, secretParameter: `/s/${index}` })));

test('every function has a role of its own', () => {
  const roles = Object.values(stack(SWITCHES).functions).map(({ role }) => role);
  expect(new Set(roles).size).toBe(roles.length);
});

// me, the authorizer and introspection do nothing but check.
test.each<[Switches, Readonly<Record<string, string>>]>([
  [
    {},
    {
      logout: 'BatchGetItem UpdateItem DeleteItem Query BatchWriteItem',
      checks: 'BatchGetItem',
      listSessions: 'BatchGetItem Query',
      deleteSession: 'BatchGetItem DeleteItem',
      backchannelLogout: 'Query UpdateItem BatchGetItem DeleteItem',
      revoke: 'BatchGetItem DeleteItem',
      admin: 'BatchGetItem Query UpdateItem DeleteItem BatchWriteItem',
    },
  ],
  // Nobody may delete a row, which the next check would adopt again.
  [
    { sessions: 'adopted' },
    {
      logout: 'BatchGetItem UpdateItem PutItem',
      checks: 'BatchGetItem PutItem',
      listSessions: 'BatchGetItem Query PutItem',
      deleteSession: 'BatchGetItem PutItem UpdateItem',
      backchannelLogout: 'Query UpdateItem BatchGetItem',
      revoke: 'BatchGetItem UpdateItem',
      admin: 'BatchGetItem Query UpdateItem',
    },
  ],
  // A check that adopts reads and ends the oldest.
  [
    { sessions: 'adopted', maxSessions: '3' },
    {
      logout: 'BatchGetItem UpdateItem PutItem Query',
      checks: 'BatchGetItem PutItem Query UpdateItem',
      listSessions: 'BatchGetItem Query PutItem UpdateItem',
      deleteSession: 'BatchGetItem PutItem Query UpdateItem',
      backchannelLogout: 'Query UpdateItem BatchGetItem',
      revoke: 'BatchGetItem UpdateItem',
      admin: 'BatchGetItem Query UpdateItem',
    },
  ],
  [
    { jwtIssuers: issuers('adopted', 'registered') },
    {
      logout: 'BatchGetItem UpdateItem DeleteItem Query BatchWriteItem PutItem',
      checks: 'BatchGetItem PutItem',
      listSessions: 'BatchGetItem Query PutItem',
      deleteSession: 'BatchGetItem DeleteItem PutItem UpdateItem',
      backchannelLogout: 'Query UpdateItem BatchGetItem DeleteItem',
      revoke: 'BatchGetItem DeleteItem UpdateItem',
      admin: 'BatchGetItem Query UpdateItem DeleteItem BatchWriteItem',
    },
  ],
])('on the table, with %j, is exactly what each function needs', (switches, expected) => {
  const { checks = '', ...others } = expected;
  const allowed = rolesOf(switches).map(([name, role]) => [
    name,
    actionsOf(role, 'dynamodb').join(' '),
  ]);
  const all = { ...others, me: checks, authorizer: checks, introspect: checks, openapi: '' };
  expect(Object.fromEntries(allowed)).toEqual(all);
});

test('an idle time-out lets the functions that check write last_seen, and nothing else', () => {
  const touch = {
    ...{ Effect: 'Allow', Action: 'dynamodb:UpdateItem' },
    Resource: { 'Fn::Sub': expect.stringMatching(/:table\/\$\{param:tableName\}$/) },
    Condition: {
      'ForAllValues:StringEquals': { 'dynamodb:Attributes': ['sub', 'jti', 'last_seen'] },
      StringEqualsIfExists: { 'dynamodb:ReturnValues': 'NONE' },
    },
  };
  const touching = rolesOf({ idleTimeout: '900' }).flatMap(([name, role]) =>
    role.flatMap((statement) => (statement.Condition ? [[name, statement]] : [])),
  );
  const checking = ['logout', 'me', 'listSessions', 'deleteSession', 'authorizer', 'introspect'];
  expect(touching).toEqual(checking.map((name) => [name, touch]));
  for (const idleTimeout of ['0', '']) expect(rolesOf({ idleTimeout })).toEqual(rolesOf({}));
});

const VERIFYING = [
  ...['logout', 'me', 'listSessions', 'deleteSession', 'authorizer', 'introspect', 'revoke'],
];

test.each<[Switches, Readonly<Record<string, readonly string[]>>]>([
  [{}, { 'own/secret': VERIFYING }],
  [{ jwtSecretParameter: 'name' }, { name: VERIFYING }],
  [{ jwtPublicKey: 'x' }, {}],
  [{ jwtJwksUrl: 'x', kmsKeyArn: 'arn:key' }, {}],
  [{ jwtIssuers: issuers('adopted', 'registered') }, { 's/0': VERIFYING, 's/1': VERIFYING }],
  [
    { jwtJwksUrl: 'x', oauthClientsParameter: '/own/clients' },
    { 'own/clients': ['introspect', 'revoke'] },
  ],
])('on secrets, with %j, is to read what each function needs', (switches, expected) => {
  const readers: Record<string, string[]> = {};
  for (const [name, role] of rolesOf(switches))
    for (const { Action, Resource } of role) {
      const [, parameter] = /:parameter\/(.+)"/.exec(JSON.stringify(Resource)) ?? [];
      if (parameter === undefined) continue;
      expect(Action).toBe('ssm:GetParameter');
      readers[parameter] = [...(readers[parameter] ?? []), name];
    }
  expect(readers).toEqual(expected);
  expect(JSON.stringify(rolesOf(switches)).includes('ssm')).toBe(Object.keys(expected).length > 0);
});

const EVERYTHING = { idleTimeout: '900', kmsKeyArn: 'arn:key', vpcSubnetIds: 'subnet-1' };

describe.each(rolesOf(EVERYTHING))('the role of %s', (_, role) => {
  test('allows named actions on named resources, and by wildcard only what knows no resources', () => {
    for (const { Effect, Action, Resource } of role) {
      expect(Effect).toBe('Allow');
      const actions = [Action].flat();
      for (const action of actions) expect(action).toMatch(/^[a-z\d]+:[A-Z]\w+$/);
      const knowsNone = actions.every((action) => /^(xray|ec2):/.test(action));
      if (!knowsNone) expect(JSON.stringify(Resource)).not.toMatch(/"\*"/);
    }
  });

  test('can write the log, and neither read nor delete it', () => {
    expect(actionsOf(role, 'logs')).toEqual(['CreateLogStream', 'PutLogEvents']);
  });
});

test('whoever has the policy of administrators may invoke their function, and do nothing else', () => {
  expect(stack({}).resources.Resources.AdminPolicy).toMatchObject({
    Type: 'AWS::IAM::ManagedPolicy',
    Properties: {
      PolicyDocument: {
        Statement: [
          {
            Action: 'lambda:InvokeFunction',
            Resource: { 'Fn::GetAtt': ['AdminLambdaFunction', 'Arn'] },
          },
        ],
      },
    },
  });
});
