import {
  CloudFormationClient,
  DescribeStacksCommand,
  paginateListStackResources,
} from '@aws-sdk/client-cloudformation';
import { CloudWatchLogsClient, DescribeLogGroupsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { DescribeTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  GetRoleCommand,
  GetRolePolicyCommand,
  IAMClient,
  ListAttachedRolePoliciesCommand,
  ListRolePoliciesCommand,
} from '@aws-sdk/client-iam';
import { GetFunctionConfigurationCommand, LambdaClient } from '@aws-sdk/client-lambda';

export type Properties = Readonly<Record<string, unknown>>;

/** What a stack has made. */
export interface Deployment {
  /** The types of resource that are read. */
  readonly types: readonly string[];
  /** Properties in CloudFormation's notation, of the resources of these types, by logical id. */
  readonly resources: Readonly<Record<string, Properties>>;
  /** The values of `Ref`, by logical id or pseudo parameter. */
  readonly names: Readonly<Record<string, string>>;
  /** The values of `Fn::GetAtt`, for example of `LogoutRole.Arn`. */
  readonly attributes: Readonly<Record<string, string>>;
}

/** Bounds every call: a server on loopback may be one that never answers. */
const settings = {
  maxAttempts: 2,
  requestHandler: {
    connectionTimeout: 2_000,
    requestTimeout: 20_000,
    throwOnRequestTimeout: true,
  },
};

/** Opens the clients. Region, credentials and endpoint are the SDK's own variables. */
export function openClients() {
  return {
    cloudFormation: new CloudFormationClient(settings),
    dynamoDb: new DynamoDBClient(settings),
    iam: new IAMClient(settings),
    lambda: new LambdaClient(settings),
    logs: new CloudWatchLogsClient(settings),
  };
}

type Clients = ReturnType<typeof openClients>;

/** Reads one resource by its physical id. Leaves out properties that moto's CloudFormation drops. */
type Reader = (
  clients: Clients,
  name: string,
) => Promise<{ readonly arn: string | undefined; readonly properties: Properties }>;

const READERS: Readonly<Record<string, Reader>> = {
  'AWS::Lambda::Function': async ({ lambda }, FunctionName) => {
    const found = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
    const { FunctionArn, Handler, Runtime, MemorySize, Timeout, Role, Environment } = found;
    const variables = { Variables: Environment?.Variables };
    const settings = { Handler, Runtime, MemorySize, Timeout, Role, Environment: variables };
    return { arn: FunctionArn, properties: { FunctionName: found.FunctionName, ...settings } };
  },
  'AWS::IAM::Role': async ({ iam }, RoleName) => {
    const { Role } = await iam.send(new GetRoleCommand({ RoleName }));
    const { PolicyNames = [] } = await iam.send(new ListRolePoliciesCommand({ RoleName }));
    const Policies = await Promise.all(
      PolicyNames.map(async (PolicyName) => {
        const policy = await iam.send(new GetRolePolicyCommand({ RoleName, PolicyName }));
        return { PolicyName, PolicyDocument: parsePolicy(policy.PolicyDocument) };
      }),
    );
    const { AttachedPolicies = [] } = await iam.send(
      new ListAttachedRolePoliciesCommand({ RoleName }),
    );
    const managed = AttachedPolicies.map(({ PolicyArn }) => PolicyArn);
    const properties = {
      AssumeRolePolicyDocument: parsePolicy(Role?.AssumeRolePolicyDocument),
      Policies,
      ...(managed.length > 0 ? { ManagedPolicyArns: managed } : {}),
    };
    return { arn: Role?.Arn, properties };
  },
  'AWS::DynamoDB::Table': async ({ dynamoDb }, TableName) => {
    const { Table } = await dynamoDb.send(new DescribeTableCommand({ TableName }));
    const properties = {
      TableName: Table?.TableName,
      BillingMode: Table?.BillingModeSummary?.BillingMode,
      AttributeDefinitions: Table?.AttributeDefinitions,
      KeySchema: Table?.KeySchema,
      DeletionProtectionEnabled: Table?.DeletionProtectionEnabled ?? false,
    };
    return { arn: Table?.TableArn, properties };
  },
  'AWS::Logs::LogGroup': async ({ logs }, logGroupNamePrefix) => {
    const { logGroups } = await logs.send(new DescribeLogGroupsCommand({ logGroupNamePrefix }));
    const group = logGroups?.find(({ logGroupName }) => logGroupName === logGroupNamePrefix);
    const { logGroupName: LogGroupName, retentionInDays: RetentionInDays, arn } = group ?? {};
    return { arn, properties: { LogGroupName, RetentionInDays } };
  },
};

/** moto answers in Python's notation. */
function parsePolicy(document = ''): unknown {
  const text = decodeURIComponent(document);
  return JSON.parse(text.startsWith("{'") ? text.replaceAll("'", '"') : text);
}

/** @throws Error where there is no such stack, or its creation failed */
export async function readDeployment(clients: Clients, StackName: string): Promise<Deployment> {
  const { Stacks } = await clients.cloudFormation.send(new DescribeStacksCommand({ StackName }));
  const { StackId = '', StackStatus = '' } = Stacks?.[0] ?? {};
  if (!/^(CREATE|UPDATE)_COMPLETE$/.test(StackStatus))
    throw new Error(`${StackName}: ${StackStatus}`);
  // arn:aws:cloudformation:REGION:ACCOUNT:stack/…
  const [, partition = '', , region = '', account = ''] = StackId.split(':');
  const names: Record<string, string> = {
    'AWS::StackId': StackId,
    'AWS::Partition': partition,
    'AWS::Region': region,
    'AWS::AccountId': account,
  };
  const attributes: Record<string, string> = {};
  const resources: Record<string, Properties> = {};
  const pages = paginateListStackResources({ client: clients.cloudFormation }, { StackName });
  for await (const { StackResourceSummaries = [] } of pages)
    for (const {
      LogicalResourceId: id = '',
      ResourceType = '',
      PhysicalResourceId = '',
    } of StackResourceSummaries) {
      names[id] = PhysicalResourceId;
      const read = READERS[ResourceType];
      if (!read) continue;
      const { arn = '', properties } = await read(clients, PhysicalResourceId);
      attributes[`${id}.Arn`] = arn;
      resources[id] = properties;
    }
  return { types: Object.keys(READERS), resources, names, attributes };
}
