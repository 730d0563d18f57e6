import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import { administer } from '../admin/operations.ts';
import { AdminRequestError, parseAdminRequest } from '../admin/request.ts';
import { recordEvent } from '../auth/events.ts';
import { services } from '../auth/services.ts';
import { parseRequest } from '../http/request.ts';
import { publishMetrics } from '../observability/metrics.ts';
import { concealed } from '../observability/report-error.ts';
import { earlyTimeout } from './early-timeout.ts';

/**
 * The Lambda handler of administrators' operations, which Lambda's own API invokes.
 *
 * @throws AdminRequestError for bad input, with the reason
 * @throws Error for a fault, with the id of its log line alone
 */
export function adminHandler() {
  const handler = middy<unknown, object>(
    async (payload: unknown, context: Context) =>
      administer(parseAdminRequest(payload), sourceOf(context), services()),
    earlyTimeout,
  );
  return async (payload: unknown, context: Context): Promise<object> =>
    handler(payload, context)
      .catch((error: unknown) => {
        const source = sourceOf(context);
        if (error instanceof AdminRequestError) {
          // Nobody waits for the answer to an event.
          recordEvent(source, { name: 'admin.refused', error });
          throw new AdminRequestError(error.message);
        }
        throw concealed(error, source);
      })
      .finally(publishMetrics);
}

/** An invocation has no HTTP request; its lines have the route `admin`. */
function sourceOf(context: Context) {
  return { ...parseRequest(undefined, context?.awsRequestId), route: 'admin' };
}
