import middy from '@middy/core';
import { type AuthorizerAnswer, UnauthorizedError } from './authorizer-answer.ts';
import {
  type AuthorizerEvent,
  type AuthorizerRequest,
  parseAuthorizerEvent,
} from './authorizer-event.ts';
import { reportError } from './error-report.ts';
import { giveUpInTime } from './function-timeout.ts';
import { type Services, services } from './services.ts';

type Authorizer = (request: AuthorizerRequest, services: Services) => Promise<AuthorizerAnswer>;

/**
 * Wraps an authorizer into a Lambda handler. What is thrown unexpectedly is logged under an error id and
 * becomes an error without details, as gateways show an authorizer's message to nobody but their log.
 */
export function authorizerHandler(authorize: Authorizer) {
  return middy(
    async (event: AuthorizerEvent): Promise<AuthorizerAnswer> =>
      authorize(parseAuthorizerEvent(event), services()),
    giveUpInTime,
  ).use({
    onError: ({ error, event, context }) => {
      if (error instanceof UnauthorizedError) throw error;
      const { errorId } = reportError(error, parseAuthorizerEvent(event), context?.awsRequestId);
      throw new Error(`Internal Server Error, see the log for error id ${errorId}`);
    },
  });
}
