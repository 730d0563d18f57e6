import type { Context } from 'aws-lambda';
import type { HttpResponse } from '../../lib/http/response.ts';
import { eventV2 } from './events.ts';
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

type Handler<Answer> = (event: never, context: Context) => Promise<Answer>;

/** Calls a handler as Lambda does, with any event at all. */
export async function invoke<Answer>(
  handler: Handler<Answer>,
  event: unknown,
  remainingMs?: number,
): Promise<Answer> {
  return handler(event as never, lambdaContext(remainingMs));
}

/** The status of `GET /me` for a bearer token: 200 for an active session. */
export async function statusOfMe(me: Handler<unknown>, token: string): Promise<number> {
  const answer = await invoke(me, eventV2({ method: 'GET', path: '/api/v1/auth/me', token }));
  return (answer as HttpResponse).statusCode;
}
