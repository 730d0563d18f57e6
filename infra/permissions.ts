import type { DeployedFunction } from './stack.ts';
import { isOn, type Switches } from './switches.ts';

const ACCOUNT = '${AWS::Region}:${AWS::AccountId}';

/** The role of one function: its actions, on its own resources. */
export function role(
  { name, dynamodb, verifiesTokens }: DeployedFunction,
  { jwtPublicKey, jwtJwksUrl, kmsKeyArn }: Switches,
) {
  const readsSecret = verifiesTokens && !isOn(jwtPublicKey) && !isOn(jwtJwksUrl);
  const Statement = [
    ...(dynamodb
      ? [
          allow(
            dynamodb.map((action) => `dynamodb:${action}`),
            { 'Fn::GetAtt': ['SessionsTable', 'Arn'] },
          ),
        ]
      : []),
    ...(readsSecret
      ? [allow('ssm:GetParameter', arn('ssm', 'parameter${param:jwtSecretParameter}'))]
      : []),
    ...(dynamodb && isOn(kmsKeyArn) ? [useKey(kmsKeyArn, readsSecret === true)] : []),
    // AWSLambdaBasicExecutionRole would allow writing to every log group of the account.
    allow(
      ['logs:CreateLogStream', 'logs:PutLogEvents'],
      arn('logs', 'log-group:/aws/lambda/${self:service}-${sls:stage}-*:*'),
    ),
    // X-Ray's actions know no resources (Service Authorization Reference, "AWS X-Ray").
    allow(['xray:PutTraceSegments', 'xray:PutTelemetryRecords'], '*'),
  ];
  return {
    Type: 'AWS::IAM::Role',
    Properties: {
      AssumeRolePolicyDocument: {
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Principal: { Service: 'lambda.amazonaws.com' },
            Action: 'sts:AssumeRole',
          },
        ],
      },
      Policies: [{ PolicyName: name, PolicyDocument: { Version: '2012-10-17', Statement } }],
    },
  };
}

/** DynamoDB and SSM decrypt in the caller's name; direct calls to KMS stay denied. */
function useKey(kmsKeyArn: string | undefined, readsSecret: boolean) {
  const services = readsSecret ? ['dynamodb', 'ssm'] : ['dynamodb'];
  const via = services.map((name) => ({ 'Fn::Sub': `${name}.\${AWS::Region}.amazonaws.com` }));
  return {
    ...allow('kms:Decrypt', kmsKeyArn),
    Condition: { StringEquals: { 'kms:ViaService': via } },
  };
}

function arn(service: string, resource: string) {
  return { 'Fn::Sub': `arn:\${AWS::Partition}:${service}:${ACCOUNT}:${resource}` };
}

function allow(Action: string | readonly string[], Resource: unknown) {
  return { Effect: 'Allow', Action, Resource };
}
