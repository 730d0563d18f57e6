import { type FunctionEntry, functionTable } from '../../infra/functions.ts';
import { stack } from '../../infra/stack.ts';

const GATED: Readonly<Record<string, FunctionEntry>> = {
  ...functionTable,
  laterEndpoint: {
    route: 'POST /api/v1/auth/later',
    dynamodb: ['Query'],
    verifiesTokens: true,
    when: 'laterAudience',
  },
};

describe('a function that a parameter switches on', () => {
  test.each([{}, { laterAudience: '' }, { laterAudience: 'false' }])(
    'leaves no trace where it is off: %j',
    (switches) => expect(stack(switches, GATED)).toEqual(stack(switches)),
  );

  test('is one entry: function, role, alarms and dashboard follow', () => {
    const { functions, resources } = stack({ laterAudience: 'web' }, GATED);
    expect(functions.laterEndpoint).toEqual({
      handler: 'handlers/later-endpoint.handler',
      role: 'LaterEndpointRole',
      events: [{ httpApi: 'POST /api/v1/auth/later' }],
    });
    const { LaterEndpointRole, Dashboard, ...others } = resources.Resources;
    expect(JSON.stringify(LaterEndpointRole)).toContain('dynamodb:Query');
    expect(JSON.stringify(Dashboard)).toContain('LaterEndpointLambdaFunction');
    for (const alarm of ['FunctionCrashAlarm', 'FunctionThrottleAlarm'])
      expect(JSON.stringify(others[alarm])).toContain('LaterEndpointLambdaFunction');
  });
});

describe('what ends sessions from outside', () => {
  test('the function of administrators has no route; a policy of its own allows to invoke it alone', () => {
    const { functions, resources } = stack({});
    expect(functions.admin).toEqual({ handler: 'handlers/admin.handler', role: 'AdminRole' });
    expect(resources.Resources.AdminPolicy).toMatchObject({
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

  test('bad input of administrators, a thrown error, is no crash', () => {
    const { FunctionCrashAlarm, ...others } = stack({}).resources.Resources as Record<
      string,
      unknown
    >;
    expect(JSON.stringify(FunctionCrashAlarm)).toContain('"admin_crashed"');
    expect(JSON.stringify(FunctionCrashAlarm)).not.toContain('AdminLambdaFunction');
    expect(JSON.stringify(others)).toContain('"LogGroupName":{"Ref":"AdminLogGroup"}');
  });

  test.each([
    { jwtLogoutAudience: 'web' },
    {
      jwtIssuers: '[{"issuer":"a","publicKey":"k","logoutAudience":["web"],"sessions":"adopted"}]',
    },
  ])('back-channel logout is there by %j, and its role reads no secret', (switches) => {
    const { functions, resources } = stack(switches);
    expect(functions.backchannelLogout?.events).toEqual([
      { httpApi: 'POST /api/v1/auth/backchannel-logout' },
    ]);
    const role = JSON.stringify(
      (resources.Resources as Record<string, unknown>).BackchannelLogoutRole,
    );
    expect(role).not.toContain('ssm:');
    expect(role).not.toContain('PutItem');
    expect(role.includes('DeleteItem')).toBe('jwtLogoutAudience' in switches);
    expect(stack({}).functions).not.toHaveProperty('backchannelLogout');
  });
});

describe('what a parameter of the deployment adds', () => {
  const names = Object.entries(functionTable).flatMap(([name, { when }]) => (when ? [] : [name]));
  const added = (switches: Readonly<Record<string, string>>) => stack(switches).resources;

  test('nothing by default', () => {
    for (const switches of [{}, { kmsKeyArn: '', logKmsKeyArn: '', reservedConcurrency: '0' }])
      expect(added(switches).extensions).toEqual({});
  });

  test('reserved concurrency, for every function', () => {
    const { extensions } = added({ reservedConcurrency: '5' });
    expect(Object.values(extensions)).toEqual(
      names.map(() => ({ Properties: { ReservedConcurrentExecutions: 5 } })),
    );
  });

  test('a key for every log group, the access log included', () => {
    const { extensions } = added({ logKmsKeyArn: 'arn:logs' });
    expect(Object.keys(extensions)).toHaveLength(names.length + 1);
    expect(Object.values(extensions)).toContainEqual({ Properties: { KmsKeyId: 'arn:logs' } });
  });

  test('a customer managed key for the table, and its use through DynamoDB and SSM alone', () => {
    const { extensions, Resources } = added({ kmsKeyArn: 'arn:key' });
    expect(JSON.stringify(extensions)).toContain('"KMSMasterKeyId":"arn:key"');
    expect(JSON.stringify(Resources.LogoutRole)).toMatch(/ssm\.\$\{AWS::Region\}\.amazonaws/);
    expect(JSON.stringify(Resources.OpenapiRole)).not.toContain('kms:');
  });

  test('a key of a table that the stack does not create is the table’s own setting', () => {
    const { extensions, Resources } = added({ kmsKeyArn: 'arn:key', createTable: 'false' });
    expect(extensions).toEqual({});
    expect(JSON.stringify(Resources.LogoutRole)).toContain('kms:Decrypt');
  });

  test.each(['jwtPublicKey', 'jwtJwksUrl'])(
    '%s takes away the permission to read the secret',
    (name) => {
      const { Resources } = added({ [name]: 'x', kmsKeyArn: 'arn:key' });
      expect(JSON.stringify(Resources)).not.toContain('ssm');
    },
  );

  test.each(['/a/b', 'name'])(
    'permission to read the secret %s, by its ARN',
    (jwtSecretParameter) => {
      const { Resources } = added({ jwtSecretParameter });
      const resource = `:parameter/${jwtSecretParameter.replace('/a', 'a')}"`;
      expect(JSON.stringify(Resources.LogoutRole)).toContain(resource);
    },
  );

  test('a boundary, for every role', () => {
    const { Resources } = added({ permissionsBoundary: 'arn:boundary' });
    const bounds = Object.values<{ Type: string; Properties: object }>(Resources as never)
      .filter(({ Type }) => Type === 'AWS::IAM::Role')
      .map(({ Properties }) => Properties);
    expect(bounds).toHaveLength(names.length);
    for (const role of bounds) expect(role).toHaveProperty('PermissionsBoundary', 'arn:boundary');
  });

  test('a VPC, for every function, with the permission to join it', () => {
    const vpc = { vpcSubnetIds: 'subnet-1, subnet-2', vpcSecurityGroupIds: 'sg-1' };
    const { extensions, Resources } = added({ ...vpc, reservedConcurrency: '5' });
    expect(Object.values(extensions)).toEqual(
      names.map(() => ({
        Properties: {
          ReservedConcurrentExecutions: 5,
          VpcConfig: { SubnetIds: ['subnet-1', 'subnet-2'], SecurityGroupIds: ['sg-1'] },
        },
      })),
    );
    expect(JSON.stringify(Resources.OpenapiRole)).toContain('ec2:CreateNetworkInterface');
    expect(JSON.stringify(added({}))).not.toContain('ec2:');
  });

  test('no alarm, filter or dashboard where they are off', () => {
    const { Resources } = added({ alarms: 'false', dashboard: 'false' });
    expect(Object.keys(Resources).filter((id) => !id.endsWith('Role'))).toEqual(['AdminPolicy']);
  });

  test('another path, for every route but that of the document', () => {
    const routes = Object.values(stack({ pathPrefix: '/session' }).functions).flatMap(
      ({ events = [] }) => events.map(({ httpApi }) => httpApi),
    );
    expect(routes).toEqual([
      ...['POST /session/logout', 'GET /session/me', 'GET /session/sessions'],
      ...['DELETE /session/sessions/{id}', 'GET /openapi.json'],
    ]);
  });
});

describe('the actions on the table', () => {
  const issuers = (...modes: readonly string[]) =>
    JSON.stringify(modes.map((sessions, index) => ({ sessions, secretParameter: `/s/${index}` })));
  const actions = (switches: Readonly<Record<string, string>>, role: string) => {
    const { Resources } = stack(switches).resources;
    const text = JSON.stringify(Resources[role as keyof typeof Resources]);
    return [...text.matchAll(/dynamodb:([A-Z]\w+)/g)].map(([, action]) => action);
  };
  const REGISTERED = ['BatchGetItem', 'UpdateItem', 'DeleteItem', 'Query', 'BatchWriteItem'];

  test.each([
    [{}, REGISTERED, ['BatchGetItem'], ['BatchGetItem', 'DeleteItem']],
    [{ sessions: 'registered' }, REGISTERED, ['BatchGetItem'], ['BatchGetItem', 'DeleteItem']],
    [
      { sessions: 'adopted' },
      ['BatchGetItem', 'UpdateItem', 'PutItem'],
      ['BatchGetItem', 'PutItem'],
      ['BatchGetItem', 'PutItem', 'UpdateItem'],
    ],
    [
      { jwtIssuers: issuers('adopted', 'registered') },
      [...REGISTERED, 'PutItem'],
      ['BatchGetItem', 'PutItem'],
      ['BatchGetItem', 'DeleteItem', 'PutItem', 'UpdateItem'],
    ],
  ])('of %j', (switches, logout, check, deleteSession) => {
    expect(actions(switches, 'LogoutRole')).toEqual(logout);
    for (const role of ['MeRole', 'AuthorizerRole']) expect(actions(switches, role)).toEqual(check);
    expect(actions(switches, 'DeleteSessionRole')).toEqual(deleteSession);
    expect(actions(switches, 'OpenapiRole')).toEqual([]);
    const clients = { ...switches, oauthClients: '{}' };
    expect(actions(clients, 'IntrospectRole')).toEqual(check);
    const end = deleteSession.filter((action) => action !== 'PutItem');
    expect(actions({ ...clients, idleTimeout: '0' }, 'RevokeRole')).toEqual(end);
  });

  test('of revocation are none that touches or adopts, whatever the ages of sessions', () => {
    const ages = { sessions: 'adopted', maxSessions: '3', idleTimeout: '900', oauthClients: '{}' };
    expect(actions(ages, 'RevokeRole')).toEqual(['BatchGetItem', 'UpdateItem']);
    expect(JSON.stringify(stack(ages).resources)).toContain('client-refusals');
  });

  test('come with the parameter of clients for the two functions that ask it, and no other', () => {
    const { functions, resources } = stack({ oauthClientsParameter: '/own/clients' });
    expect(Object.keys(functions)).toEqual(expect.arrayContaining(['introspect', 'revoke']));
    const readers = Object.entries(resources.Resources).filter(([, resource]) =>
      JSON.stringify(resource).includes('/own/clients'),
    );
    expect(readers.map(([name]) => name)).toEqual(['IntrospectRole', 'RevokeRole']);
    expect(Object.keys(stack({ oauthClientsParameter: '' }).functions)).not.toContain('introspect');
  });

  test('with an idle time-out, functions that check may write last_seen and nothing else', () => {
    const { Resources } = stack({ idleTimeout: '900' }).resources;
    const statements = (resource: unknown): readonly object[] =>
      Object(resource).Properties.Policies[0].PolicyDocument.Statement;
    const touch = {
      ...{ Effect: 'Allow', Action: 'dynamodb:UpdateItem' },
      Resource: { 'Fn::Sub': expect.stringMatching(/:table\/\$\{param:tableName\}$/) },
      Condition: {
        'ForAllValues:StringEquals': { 'dynamodb:Attributes': ['sub', 'jti', 'last_seen'] },
        StringEqualsIfExists: { 'dynamodb:ReturnValues': 'NONE' },
      },
    };
    for (const role of [
      'MeRole',
      'ListSessionsRole',
      'DeleteSessionRole',
      'AuthorizerRole',
    ] as const)
      expect(statements(Resources[role])).toContainEqual(touch);
    expect(JSON.stringify(Resources.OpenapiRole)).not.toContain('dynamodb');
    for (const off of [{}, { idleTimeout: '0' }, { idleTimeout: '' }])
      expect(JSON.stringify(stack(off))).not.toContain('last_seen');
  });

  test('with a limit, functions that adopt may read and end the others', () => {
    const switches = { sessions: 'adopted', maxSessions: '2' };
    for (const role of ['MeRole', 'AuthorizerRole'])
      expect(actions(switches, role)).toEqual(['BatchGetItem', 'PutItem', 'Query', 'UpdateItem']);
  });

  test('of several issuers come with those on each secret, and on no other', () => {
    const { Resources } = stack({ jwtIssuers: issuers('adopted', 'registered') }).resources;
    const role = JSON.stringify(Resources.MeRole);
    expect([...role.matchAll(/parameter([^"]+)"/g)].map(([, name]) => name)).toEqual([
      '/s/0',
      '/s/1',
    ]);
  });
});
