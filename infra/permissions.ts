import type { DeployedFunction } from './stack.ts';
import { isOn, type Switches, usesSecret } from './switches.ts';

/** The role of one function. */
export function role({ name, dynamodb, verifiesTokens }: DeployedFunction, switches: Switches) {
  const { jwtSecretParameter = '', kmsKeyArn, permissionsBoundary } = switches;
  const readsSecret = verifiesTokens && usesSecret(switches);
  const actions = dynamodb?.map((action) => `dynamodb:${action}`);
  const table = arn('dynamodb', 'table/${param:tableName}');
  // The ARN of a parameter has one slash, whether its name begins with one or not.
  const secret = arn('ssm', `parameter/${jwtSecretParameter.replace(/^\//, '')}`);
  const Statement = [
    ...(actions ? [allow(actions, table)] : []),
    ...(readsSecret ? [allow('ssm:GetParameter', secret)] : []),
    ...(dynamodb && isOn(kmsKeyArn)
      ? [decrypt(kmsKeyArn, readsSecret ? ['dynamodb', 'ssm'] : ['dynamodb'])]
      : []),
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
      Policies: [{ PolicyName: name, PolicyDocument: policy(Statement) }],
    },
  };
}

/** Of AWSLambdaVPCAccessExecutionRole; Lambda creates a function in a VPC with no narrower resource. */
const VPC_ACTIONS = [
  'ec2:CreateNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'ec2:DeleteNetworkInterface',
  'ec2:AssignPrivateIpAddresses',
  'ec2:UnassignPrivateIpAddresses',
];

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

function arn(service: string, resource: string) {
  const account = '${AWS::Region}:${AWS::AccountId}';
  return { 'Fn::Sub': `arn:\${AWS::Partition}:${service}:${account}:${resource}` };
}

function allow(Action: string | readonly string[], Resource: unknown) {
  return { Effect: 'Allow', Action, Resource };
}
