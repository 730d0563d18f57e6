import {
  CloudFormationClient,
  DescribeStacksCommand,
  GetTemplateCommand,
  paginateListStackResources,
} from '@aws-sdk/client-cloudformation';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { IAMClient } from '@aws-sdk/client-iam';
import { LambdaClient } from '@aws-sdk/client-lambda';

export interface Resource {
  readonly Type: string;
  readonly Condition?: string;
  readonly DeletionPolicy?: string;
  readonly Properties: Readonly<Record<string, unknown>>;
}

/** A stack as CloudFormation describes it: what it was asked for, and what it has made. */
export interface Stack {
  readonly id: string;
  readonly status: string;
  /** Names of the outputs that the stack has. */
  readonly outputs: readonly string[];
  /** The resources of the template, by logical id. */
  readonly template: Readonly<Record<string, Resource>>;
  /** Names of the outputs that the template has. */
  readonly outputNames: readonly string[];
  /** Logical ids of the resources that are there. */
  readonly made: ReadonlySet<string>;
  /**
   * Whether the AWS is moto, whose CloudFormation drops some properties without a word: of these, only
   * what was asked for can be checked there.
   */
  readonly isMoto: boolean;
}

/** What moto's CloudFormation drops, of what is checked. */
export const DROPPED_BY_MOTO =
  'architecture and tracing of functions; encryption, time to live and recovery of the table; the outputs';

/** Every call is bounded: a server on loopback may be one that never answers. */
const settings = {
  maxAttempts: 2,
  requestHandler: {
    connectionTimeout: 2_000,
    requestTimeout: 20_000,
    throwOnRequestTimeout: true,
  },
};

/** Clients of all services that are asked. Region, credentials and endpoint are the SDK's own variables. */
export function openClients() {
  return {
    cloudFormation: new CloudFormationClient(settings),
    cloudWatch: new CloudWatchClient(settings),
    dynamoDb: new DynamoDBClient(settings),
    iam: new IAMClient(settings),
    lambda: new LambdaClient(settings),
    logs: new CloudWatchLogsClient(settings),
  };
}

export type Clients = ReturnType<typeof openClients>;

/** @throws when there is no stack of that name */
export async function readStack({ cloudFormation }: Clients, name: string): Promise<Stack> {
  const { Stacks } = await cloudFormation.send(new DescribeStacksCommand({ StackName: name }));
  const { TemplateBody = '{}' } = await cloudFormation.send(
    new GetTemplateCommand({ StackName: name }),
  );
  const [stack] = Stacks ?? [];
  const { Resources, Outputs } = JSON.parse(TemplateBody);
  const made = new Set<string>();
  const pages = paginateListStackResources({ client: cloudFormation }, { StackName: name });
  for await (const { StackResourceSummaries = [] } of pages)
    for (const { LogicalResourceId = '' } of StackResourceSummaries) made.add(LogicalResourceId);
  return {
    id: stack?.StackId ?? '',
    status: stack?.StackStatus ?? '',
    outputs: (stack?.Outputs ?? []).map(({ OutputKey = '' }) => OutputKey),
    outputNames: Object.keys(Outputs),
    template: Resources,
    made,
    isMoto: await isMoto(),
  };
}

/** moto has an interface of its own beside those of AWS. */
async function isMoto(): Promise<boolean> {
  const url = new URL('/moto-api/', process.env.AWS_ENDPOINT_URL);
  const response = await fetch(url, { signal: AbortSignal.timeout(20_000) });
  await response.body?.cancel();
  return response.ok;
}

/** The resources of a type in the template, by logical id. */
export function resourcesOf(stack: Stack, type: string): readonly (readonly [string, Resource])[] {
  return Object.entries(stack.template).filter(([, { Type }]) => Type === type);
}
