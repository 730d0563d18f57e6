import {
  DescribeContinuousBackupsCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';
import type { Check } from './checks.ts';
import { SETTINGS, type Stage } from './expected.ts';
import type { Clients, Stack } from './stack.ts';

/** The table: keys, time to live, and what protects it. */
export async function checkTable(
  { dynamoDb }: Clients,
  stack: Stack,
  stage: Stage,
  check: Check,
): Promise<void> {
  const { isProtected, deletionPolicy } = SETTINGS[stage];
  const TableName = `true-logout-${stage}-sessions`;
  const { Table } = await dynamoDb.send(new DescribeTableCommand({ TableName }));
  check('table: keys', Table?.KeySchema, [
    { AttributeName: 'sub', KeyType: 'HASH' },
    { AttributeName: 'jti', KeyType: 'RANGE' },
  ]);
  check('table: billing', Table?.BillingModeSummary?.BillingMode, 'PAY_PER_REQUEST');
  check('table: deletion protection', Table?.DeletionProtectionEnabled ?? false, isProtected);
  const { encryption, timeToLive, recovery } = stack.isMoto
    ? askedOfTable(stack)
    : await madeOfTable(dynamoDb, TableName);
  check('table: encryption', encryption, true);
  check('table: time to live', timeToLive, 'expires_at');
  check('table: point-in-time recovery', recovery, isProtected);
  check(
    'table: when the stack is removed',
    stack.template.SessionsTable?.DeletionPolicy,
    deletionPolicy,
  );
}

interface TableSettings {
  readonly encryption: boolean;
  /** The attribute; none where it is off. */
  readonly timeToLive: string | undefined;
  readonly recovery: boolean;
}

function askedOfTable(stack: Stack): TableSettings {
  const { SSESpecification, TimeToLiveSpecification, PointInTimeRecoverySpecification } = (stack
    .template.SessionsTable?.Properties ?? {}) as {
    SSESpecification?: { SSEEnabled: boolean };
    TimeToLiveSpecification?: { AttributeName: string; Enabled: boolean };
    PointInTimeRecoverySpecification?: { PointInTimeRecoveryEnabled: boolean };
  };
  return {
    encryption: SSESpecification?.SSEEnabled === true,
    timeToLive: TimeToLiveSpecification?.Enabled
      ? TimeToLiveSpecification.AttributeName
      : undefined,
    recovery: PointInTimeRecoverySpecification?.PointInTimeRecoveryEnabled === true,
  };
}

async function madeOfTable(
  dynamoDb: Clients['dynamoDb'],
  TableName: string,
): Promise<TableSettings> {
  const { Table } = await dynamoDb.send(new DescribeTableCommand({ TableName }));
  const { TimeToLiveDescription } = await dynamoDb.send(
    new DescribeTimeToLiveCommand({ TableName }),
  );
  const { ContinuousBackupsDescription } = await dynamoDb.send(
    new DescribeContinuousBackupsCommand({ TableName }),
  );
  const { PointInTimeRecoveryDescription } = ContinuousBackupsDescription ?? {};
  return {
    encryption: Table?.SSEDescription?.Status === 'ENABLED',
    timeToLive: TimeToLiveDescription?.TimeToLiveStatus?.startsWith('ENABL')
      ? TimeToLiveDescription.AttributeName
      : undefined,
    recovery: PointInTimeRecoveryDescription?.PointInTimeRecoveryStatus === 'ENABLED',
  };
}
