import { readFileSync } from 'node:fs';
import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DescribeTableCommand,
  type DynamoDBClient,
  ResourceInUseException,
} from '@aws-sdk/client-dynamodb';
import { parse } from 'yaml';

/** Reads what `serverless deploy` deploys, so that the local table can't differ from it. */
function tableDefinition(): Omit<CreateTableCommandInput, 'TableName'> {
  const text = readFileSync(new URL('../serverless.yml', import.meta.url), 'utf8');
  // CloudFormation's own tags (!Ref, !Sub) are of no interest here.
  const service = parse(text, { logLevel: 'silent', merge: true });
  const { AttributeDefinitions, KeySchema, BillingMode } =
    service.resources.Resources.SessionsTable.Properties;
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
