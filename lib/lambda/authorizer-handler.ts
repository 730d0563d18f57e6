import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import { type Services, services } from '../auth/services.ts';
import {
  type AuthorizerEvent,
  type AuthorizerRequest,
  parseAuthorizerEvent,
} from '../authorizer/event.ts';
import { type AuthorizerAnswer, UnauthorizedError } from '../authorizer/result.ts';
import { parseRequest } from '../http/request.ts';
import { publishMetrics } from '../observability/metrics.ts';
import { reportError } from '../observability/report-error.ts';
import { giveUpInTime } from './function-timeout.ts';

type Authorizer = (request: AuthorizerRequest, services: Services) => Promise<AuthorizerAnswer>;

/**
 * Wraps an authorizer into a Lambda handler. What is thrown unexpectedly is logged under an error id and
 * becomes an error without details, as gateways show an authorizer's message to nobody but their log.
 *
 * Errors are replaced outside Middy: an error thrown in its `onError` is given the first one as its
 * cause, which Lambda's runtime then logs as it is, credentials included.
 */
export function authorizerHandler(authorize: Authorizer) {
  const handler = middy(
    async (event: AuthorizerEvent, context: Context): Promise<AuthorizerAnswer> => {
      const request = parseAuthorizerEvent(event, context?.awsRequestId);
      if (!request) throw new UnauthorizedError();
      return authorize(request, services());
    },
    giveUpInTime,
  );
  return async (event: AuthorizerEvent, context: Context): Promise<AuthorizerAnswer> => {
    try {
      return await handler(event, context);
    } catch (error) {
      throw error instanceof UnauthorizedError ? error : reported(error, event, context);
    } finally {
      publishMetrics();
    }
  };
}

function reported(error: unknown, event: AuthorizerEvent, context: Context): Error {
  const requestId = context?.awsRequestId;
  const request = parseAuthorizerEvent(event, requestId) ?? parseRequest(event, requestId);
  const { errorId } = reportError(error, request);
  return new Error(`Internal Server Error, see the log for error id ${errorId}`);
}
