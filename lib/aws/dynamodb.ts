import { ConditionalCheckFailedException, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { DependencyError } from '../shared/dependency-error.ts';
import { memoizeAsync } from '../shared/memoize.ts';
import { timeouts } from '../shared/timeouts.ts';
import { clientSettings } from './client-settings.ts';

/** Limits of every session's life, beside those of its row. */
export interface SessionLimits {
  /** Sessions that began earlier are over (SESSIONS_NOT_BEFORE). Epoch milliseconds. */
  readonly notBeforeMs?: number | undefined;
  /** Longest life from `auth_time`, across refreshes (SESSION_MAX_AGE). Milliseconds. */
  readonly maxAgeMs?: number | undefined;
  /** A session unused for longer is over (IDLE_TIMEOUT). Milliseconds. */
  readonly idleMs?: number | undefined;
}

/** The session table and a client. */
export interface SessionStore extends SessionLimits {
  /** For this project's requests only: lib/aws/aws-json.ts does not convert binary attributes. */
  readonly client: DynamoDBDocumentClient;
  readonly table: string;
}

/** An operation on the session table failed, retries included, or its answer cannot be DynamoDB's. */
export class StoreError extends DependencyError {
  override readonly name = 'StoreError';

  /** @param operation of DynamoDB's API: `Query` */
  constructor(operation: string, table: string, cause: unknown) {
    super(`${operation} on the table ${table}`, cause);
  }
}

/**
 * Opens the session table. The client throws a StoreError for every failure but that of a condition.
 *
 * @param onLatency called with the duration of each operation, retries included
 */
export function openSessionStore(
  table: string,
  limits: SessionLimits = {},
  onLatency?: (milliseconds: number) => void,
): SessionStore {
  const client = new DynamoDBClient(clientSettings('1.0', timeouts.attempts));
  // Without a memoized signer the SDK copies its configuration for each request.
  client.config.signer = memoizeAsync(client.config.signer);
  // awsJson() sets the user agent; nothing reads what these three middlewares collect.
  for (const name of ['getUserAgentMiddleware', 'loggerMiddleware', 'recursionDetectionMiddleware'])
    client.middlewareStack.remove(name);
  client.middlewareStack.add(
    // From before the first attempt to after the last.
    (next, { commandName = '' }) =>
      async (operation) => {
        const start = performance.now();
        try {
          return await next(operation);
        } catch (error) {
          if (isFailedCondition(error)) throw error;
          throw new StoreError(commandName.replace('Command', ''), table, error);
        } finally {
          onLatency?.(performance.now() - start);
        }
      },
    { step: 'initialize', name: 'sessionStore' },
  );
  return {
    client: DynamoDBDocumentClient.from(client, {
      // The default for numbers beyond a double is an exception, which would fail a logout after its
      // delete. Rows are validated where they are read.
      unmarshallOptions: { wrapNumbers: Number },
    }),
    table,
    ...limits,
  };
}

/** Awaits a conditional write; null where the condition fails. */
export async function unlessConditionFails<Output>(write: Promise<Output>): Promise<Output | null> {
  try {
    return await write;
  } catch (error) {
    if (isFailedCondition(error)) return null;
    throw error;
  }
}

/** Whether DynamoDB has refused a write for its condition, which is a client's error: status 400. */
function isFailedCondition(error: unknown): boolean {
  return error instanceof ConditionalCheckFailedException && error.$metadata.httpStatusCode === 400;
}
