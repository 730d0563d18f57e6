import type { Context } from 'aws-lambda';
import type { HttpResponse } from '../../lib/http/response.ts';
import { TEST_SECRET } from './signing.ts';
import type { TestStore } from './store.ts';

/** Sets the variables that a deployed function has. Call before a handler is imported. */
export function configureFunction(store: Pick<TestStore, 'table'>): void {
  process.env.SESSIONS_TABLE = store.table;
  process.env.JWT_SECRET = TEST_SECRET;
}

/** What Lambda passes beside the event. */
export function lambdaContext(remainingMs = 10_000): Context {
  const end = Date.now() + remainingMs;
  return {
    awsRequestId: 'lambda-request',
    callbackWaitsForEmptyEventLoop: true,
    functionName: 'test',
    functionVersion: '$LATEST',
    invokedFunctionArn: 'arn:aws:lambda:us-east-1:123456789012:function:test',
    logGroupName: '/aws/lambda/test',
    logStreamName: 'test',
    memoryLimitInMB: '512',
    getRemainingTimeInMillis: () => end - Date.now(),
    done: () => {},
    fail: () => {},
    succeed: () => {},
  };
}

type Handler = (event: never, context: Context) => Promise<HttpResponse>;

/** Calls a handler as Lambda does, with any event at all. */
export async function invoke(
  handler: Handler,
  event: unknown,
  remainingMs?: number,
): Promise<HttpResponse> {
  return handler(event as never, lambdaContext(remainingMs));
}
