import type {
  APIGatewayAuthorizerWithContextResult,
  APIGatewaySimpleAuthorizerWithContextResult,
  AppSyncAuthorizerResult,
} from 'aws-lambda';
import type { Caller } from '../auth/authenticate.ts';
import type { AnswerForm } from './event.ts';

/** What an authorizer hands on to the API behind it: flat strings, as REST APIs take nothing else. */
export interface AuthorizerContext extends Readonly<Record<string, string>> {
  readonly sub: string;
  readonly jti: string;
}

export type AuthorizerAnswer =
  | APIGatewaySimpleAuthorizerWithContextResult<AuthorizerContext>
  | APIGatewayAuthorizerWithContextResult<AuthorizerContext>
  | AppSyncAuthorizerResult<AuthorizerContext>;

/**
 * Lets a caller in, in the form that was asked for.
 *
 * A policy covers the whole stage: it says that this token is alive, whichever method is called. Where
 * somebody turns caching on, a policy for the one method would deny the token's next call of another.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-output.html
 */
export function allow(form: AnswerForm, context: AuthorizerContext): AuthorizerAnswer {
  switch (form.kind) {
    case 'simple':
      return { isAuthorized: true, context };
    case 'appsync':
      // A time to live of its own, in seconds, so that no setting of the API can cache the answer.
      return { isAuthorized: true, resolverContext: context, ttlOverride: 0 };
    case 'policy':
      return {
        principalId: context.sub,
        policyDocument: {
          Version: '2012-10-17',
          Statement: [
            {
              Action: 'execute-api:Invoke',
              Effect: 'Allow',
              Resource: `${form.stageArn}/*`,
            },
          ],
        },
        context,
      };
  }
}

/**
 * Keeps a caller out. API Gateway has one way to a 401, an error of exactly this message (a policy that
 * denies, or `isAuthorized: false`, is a 403); AppSync has an answer for it, and takes it for a 401.
 *
 * @throws UnauthorizedError
 */
export function refuse(form: AnswerForm): AuthorizerAnswer {
  if (form.kind === 'appsync') return { isAuthorized: false, ttlOverride: 0 };
  throw new UnauthorizedError();
}

/**
 * The error that API Gateway answers with 401. It has no name of its own, so that Lambda reports it
 * exactly as it does `new Error('Unauthorized')`.
 */
export class UnauthorizedError extends Error {
  constructor() {
    super('Unauthorized');
  }
}

/**
 * `sub`, `jti`, and the named claims that the token carries; what is no string becomes its JSON. No
 * claim replaces the session's own `sub` and `jti`.
 */
export function authorizerContext(
  { claims, session }: Caller,
  names: readonly string[],
): AuthorizerContext {
  const extra = names.flatMap((name) => {
    const value = Object.hasOwn(claims, name) ? claims[name] : undefined;
    if (value === undefined) return [];
    return [[name, typeof value === 'string' ? value : JSON.stringify(value)]];
  });
  return { ...Object.fromEntries(extra), sub: session.sub, jti: session.jti };
}
