import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import { type Services, services } from '../auth/services.ts';
import {
  type AuthorizerRequest,
  parseAuthorizerEvent,
  type ResultForm,
} from '../authorizer/event.ts';
import type { AuthorizerResult } from '../authorizer/result.ts';
import type { HttpRequest } from '../http/request.ts';
import { publishMetrics } from '../observability/metrics.ts';
import { concealed } from '../observability/report-error.ts';
import { earlyTimeout } from './early-timeout.ts';

/** Decides on a request; null denies the request where the gateway has no result for a denial. */
type Authorizer = (
  request: HttpRequest,
  form: ResultForm,
  services: Services,
) => Promise<AuthorizerResult | null>;

/**
 * Wraps an authorizer into a Lambda handler. An unexpected error is logged under an error id and
 * rethrown without details, as gateways show the message in their log only.
 *
 * The error is replaced outside Middy: an error thrown in `onError` gets the first error as its cause,
 * which Lambda's runtime logs as is, credentials included.
 */
export function authorizerHandler(authorize: Authorizer) {
  const handler = middy<AuthorizerRequest, AuthorizerResult | null>(
    async (request: AuthorizerRequest) =>
      request.form && authorize(request, request.form, services()),
    earlyTimeout,
  );
  return async (event: unknown, context: Context): Promise<AuthorizerResult> => {
    const request = parseAuthorizerEvent(event, context?.awsRequestId);
    const result = await handler(request, context)
      .catch((error: unknown) => {
        throw concealed(error, request);
      })
      .finally(publishMetrics);
    // API Gateway answers 401 to an error of exactly this message, and to nothing else.
    if (!result) throw new Error('Unauthorized');
    return result;
  };
}
