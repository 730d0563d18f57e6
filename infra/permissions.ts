import type { DeployedFunction } from './stack.ts';
import { isOn, type Switches, secretParameters, sessionModes } from './switches.ts';

/** The role of one function. */
export function role(entry: DeployedFunction, switches: Switches) {
  const { kmsKeyArn, permissionsBoundary } = switches;
  const actions = tableActions(entry, switches);
  const table = arn('dynamodb', 'table/${param:tableName}');
  const secrets = [
    ...(entry.verifiesTokens ? secretParameters(switches) : []),
    ...(entry.when === 'oauthClients' ? [switches.oauthClientsParameter].filter(isOn) : []),
  ];
  const services = [
    ...(actions.length > 0 ? ['dynamodb'] : []),
    ...(secrets.length > 0 ? ['ssm'] : []),
  ];
  const touches = isOn(switches.idleTimeout) && entry.verifiesTokens && !entry.endsOnly;
  const Statement = [
    ...(actions.length > 0 ? [allow(actions, table)] : []),
    ...(touches ? [{ ...allow('dynamodb:UpdateItem', table), Condition: LAST_SEEN_ONLY }] : []),
    ...secrets.map((name) => allow('ssm:GetParameter', parameterArn(name))),
    ...(services.length > 0 && isOn(kmsKeyArn) ? [decrypt(kmsKeyArn, services)] : []),
    // AWSLambdaBasicExecutionRole would allow writing to every log group of the account.
    allow(
      ['logs:CreateLogStream', 'logs:PutLogEvents'],
      arn('logs', 'log-group:/aws/lambda/${self:service}-${sls:stage}-*:*'),
    ),
    // X-Ray's actions know no resources (Service Authorization Reference, "AWS X-Ray").
    allow(['xray:PutTraceSegments', 'xray:PutTelemetryRecords'], '*'),
    ...(isOn(switches.vpcSubnetIds) ? [allow(VPC_ACTIONS, '*')] : []),
  ];
  return {
    Type: 'AWS::IAM::Role',
    Properties: {
      AssumeRolePolicyDocument: policy([ASSUMED_BY_LAMBDA]),
      ...(isOn(permissionsBoundary) ? { PermissionsBoundary: permissionsBoundary } : {}),
      Policies: [{ PolicyName: entry.name, PolicyDocument: policy(Statement) }],
    },
  };
}

/** For whoever may list and end the sessions of any user. */
export const adminPolicy = {
  Type: 'AWS::IAM::ManagedPolicy',
  Properties: {
    Description: 'Invoke the function that lists and ends sessions of any user',
    PolicyDocument: policy([
      allow('lambda:InvokeFunction', { 'Fn::GetAtt': ['AdminLambdaFunction', 'Arn'] }),
    ]),
  },
};

/** Of AWSLambdaVPCAccessExecutionRole; Lambda creates a function in a VPC with no narrower resource. */
const VPC_ACTIONS = [
  'ec2:CreateNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'ec2:DeleteNetworkInterface',
  'ec2:AssignPrivateIpAddresses',
  'ec2:UnassignPrivateIpAddresses',
];

function tableActions(entry: DeployedFunction, switches: Switches): readonly string[] {
  const { dynamodb = [], registered = [], adopted = [], endsOnly } = entry;
  const modes = sessionModes(switches);
  const limit = isOn(switches.maxSessions) ? ['Query', 'UpdateItem'] : [];
  const check = endsOnly ? [] : ['PutItem', ...limit];
  const adopting = entry.verifiesTokens && modes.adopted ? [...check, ...adopted] : [];
  const actions = [...dynamodb, ...(modes.registered ? registered : []), ...adopting];
  return [...new Set(actions)].map((action) => `dynamodb:${action}`);
}

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html */
const LAST_SEEN_ONLY = {
  'ForAllValues:StringEquals': { 'dynamodb:Attributes': ['sub', 'jti', 'last_seen'] },
  StringEqualsIfExists: { 'dynamodb:ReturnValues': 'NONE' },
};

const ASSUMED_BY_LAMBDA = {
  Effect: 'Allow',
  Principal: { Service: 'lambda.amazonaws.com' },
  Action: 'sts:AssumeRole',
};

function policy(Statement: readonly object[]) {
  return { Version: '2012-10-17', Statement };
}

/** DynamoDB and SSM decrypt in the caller's name; direct calls to KMS stay denied. */
function decrypt(kmsKeyArn: string, services: readonly string[]) {
  const via = services.map((name) => ({ 'Fn::Sub': `${name}.\${AWS::Region}.amazonaws.com` }));
  const Condition = { StringEquals: { 'kms:ViaService': via } };
  return { ...allow('kms:Decrypt', kmsKeyArn), Condition };
}

/** The ARN of a parameter has one slash, whether its name begins with one or not. */
function parameterArn(name: string) {
  return arn('ssm', `parameter/${name.replace(/^\//, '')}`);
}

function arn(service: string, resource: string) {
  const account = '${AWS::Region}:${AWS::AccountId}';
  return { 'Fn::Sub': `arn:\${AWS::Partition}:${service}:${account}:${resource}` };
}

function allow(Action: string | readonly string[], Resource: unknown) {
  return { Effect: 'Allow', Action, Resource };
}
