import { fileURLToPath } from 'node:url';
import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DescribeTableCommand,
  type DynamoDBClient,
  ResourceInUseException,
} from '@aws-sdk/client-dynamodb';
import { readService } from './service-file.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

type TableDefinition = Omit<CreateTableCommandInput, 'TableName'>;

/** Reads what `serverless deploy` deploys, so that the local table can't differ from it. */
function tableDefinition(): TableDefinition {
  const { resources } = readService<{
    readonly resources: {
      readonly Resources: { readonly SessionsTable: { readonly Properties: TableDefinition } };
    };
  }>(ROOT);
  const { AttributeDefinitions, KeySchema, BillingMode } =
    resources.Resources.SessionsTable.Properties;
  return { AttributeDefinitions, KeySchema, BillingMode };
}

/** Creates the session table, unless it is there, and waits until it can be used. */
export async function createSessionsTable(client: DynamoDBClient, name: string): Promise<void> {
  try {
    await client.send(new CreateTableCommand({ ...tableDefinition(), TableName: name }));
  } catch (error) {
    if (!(error instanceof ResourceInUseException)) throw error;
  }
  for (;;) {
    const { Table } = await client.send(new DescribeTableCommand({ TableName: name }));
    if (Table?.TableStatus === 'ACTIVE') return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
