import { stack } from '../../infra/stack.ts';

/** The functions of every deployment. */
const names = Object.keys(stack({}).functions);

describe('a function that a parameter switches on', () => {
  test.each([{}, { oauthClients: '' }, { oauthClients: 'false' }])(
    'leaves no trace where it is off: %j',
    (switches) => expect(JSON.stringify(stack(switches))).not.toMatch(/introspect/i),
  );

  test('is one entry: function, role, alarms and dashboard follow', () => {
    const { functions, resources } = stack({ oauthClients: '{}' });
    expect(functions.introspect).toEqual({
      handler: 'handlers/introspect.handler',
      role: 'IntrospectRole',
      events: [{ httpApi: 'POST /api/v1/auth/introspect' }],
    });
    const { IntrospectRole, Dashboard, FunctionCrashAlarm, FunctionThrottleAlarm, ...others } =
      Object(resources.Resources);
    expect(IntrospectRole.Type).toBe('AWS::IAM::Role');
    for (const resource of [Dashboard, FunctionCrashAlarm, FunctionThrottleAlarm])
      expect(JSON.stringify(resource)).toContain('IntrospectLambdaFunction');
    expect(JSON.stringify(others)).toContain('client-refusals');
  });

  test.each([
    { oauthClientsParameter: '/own/clients' },
    { jwtLogoutAudience: 'web' },
    { jwtIssuers: '[{"issuer":"a"},{"issuer":"b","logoutAudience":["web"]}]' },
  ])('is there by %j alone', (switches) => {
    const added = Object.keys(stack(switches).functions).filter((name) => !names.includes(name));
    const clients = 'oauthClientsParameter' in switches;
    expect(added).toEqual(clients ? ['introspect', 'revoke'] : ['backchannelLogout']);
  });
});

test('bad input of administrators, a thrown error, is no crash', () => {
  const { FunctionCrashAlarm, ...others } = Object(stack({}).resources.Resources);
  expect(JSON.stringify(FunctionCrashAlarm)).toContain('"admin_crashed"');
  expect(JSON.stringify(FunctionCrashAlarm)).not.toContain('AdminLambdaFunction');
  expect(JSON.stringify(others)).toContain('"LogGroupName":{"Ref":"AdminLogGroup"}');
});

describe('what a parameter of the deployment adds', () => {
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
