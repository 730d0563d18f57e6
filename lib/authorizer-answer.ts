import type {
  APIGatewayAuthorizerWithContextResult,
  APIGatewaySimpleAuthorizerWithContextResult,
  AppSyncAuthorizerResult,
} from 'aws-lambda';
import type { Caller } from './authenticate.ts';
import type { AuthorizerRequest } from './authorizer-event.ts';

/** What an authorizer hands on to the API behind it: flat strings, as REST APIs take nothing else. */
export type AuthorizerContext = Readonly<Record<string, string>>;

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
export function allow(request: AuthorizerRequest, context: AuthorizerContext): AuthorizerAnswer {
  switch (request.form) {
    case 'simple':
      return { isAuthorized: true, context };
    case 'appsync':
      return { isAuthorized: true, resolverContext: context, ttlOverride: 0 };
    case 'policy':
      return {
        principalId: context.sub ?? '',
        policyDocument: {
          Version: '2012-10-17',
          Statement: [
            {
              Action: 'execute-api:Invoke',
              Effect: 'Allow',
              Resource: stageArn(request.methodArn),
            },
          ],
        },
        context,
      };
  }
}

/**
 * Keeps a caller out. API Gateway has one way to a 401, an error of exactly this message (a policy that
 * denies is a 403); AppSync has an answer for it.
 *
 * @throws Error `Unauthorized`
 */
export function refuse(request: AuthorizerRequest): AuthorizerAnswer {
  if (request.form === 'appsync') return { isAuthorized: false, ttlOverride: 0 };
  throw new UnauthorizedError('Unauthorized');
}

/** The error that API Gateway answers with 401. */
export class UnauthorizedError extends Error {
  override readonly name = 'UnauthorizedError';
}

/** `sub`, `jti`, and the named claims that the token carries; what is no string becomes its JSON. */
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

/** `arn:aws:execute-api:region:account:api/stage/METHOD/path` → the same for every method and path. */
function stageArn(methodArn: string): string {
  const [api = '', stage = ''] = methodArn.split('/');
  return `${api}/${stage}/*`;
}
