import type {
  APIGatewayAuthorizerWithContextResult,
  APIGatewaySimpleAuthorizerWithContextResult,
  AppSyncAuthorizerResult,
} from 'aws-lambda';
import type { Caller } from '../auth/authenticate.ts';
import type { ResultForm } from './event.ts';

/** The context for the API behind the authorizer: flat strings, the only type that REST APIs take. */
export interface AuthorizerContext extends Readonly<Record<string, string>> {
  readonly sub: string;
  readonly jti: string;
}

export type AuthorizerResult =
  | APIGatewaySimpleAuthorizerWithContextResult<AuthorizerContext>
  | APIGatewayAuthorizerWithContextResult<AuthorizerContext>
  | AppSyncAuthorizerResult<AuthorizerContext>;

/**
 * Allows a caller, in the requested form.
 *
 * A policy covers the whole stage: with caching on, a policy for one method would deny the token's
 * next call of another method.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-output.html
 */
export function allow(form: ResultForm, context: AuthorizerContext): AuthorizerResult {
  switch (form.kind) {
    case 'simple':
      return { isAuthorized: true, context };
    case 'appsync':
      // ttlOverride in seconds: the API's own setting cannot cache the result.
      return { isAuthorized: true, resolverContext: context, ttlOverride: 0 };
    case 'policy':
      return {
        principalId: context.sub,
        policyDocument: {
          Version: '2012-10-17',
          Statement: [
            { Action: 'execute-api:Invoke', Effect: 'Allow', Resource: `${form.stageArn}/*` },
          ],
        },
        context,
      };
  }
}

/**
 * Denies a caller, in the requested form.
 *
 * @returns null for API Gateway, where any result that denies is a 403, and a 401 takes an error
 */
export function deny(form: ResultForm): AuthorizerResult | null {
  return form.kind === 'appsync' ? { isAuthorized: false, ttlOverride: 0 } : null;
}

/**
 * Builds the context: `sub`, `jti`, and the named claims of the token. Values other than strings become
 * JSON. No claim replaces the session's `sub` and `jti`.
 *
 * @param names claim names (AUTHORIZER_CLAIMS)
 */
export function authorizerContext(
  { claims, session }: Pick<Caller, 'claims' | 'session'>,
  names: readonly string[],
): AuthorizerContext {
  const extra = names.flatMap((name) => {
    const value = Object.hasOwn(claims, name) ? claims[name] : undefined;
    if (value === undefined) return [];
    return [[name, typeof value === 'string' ? value : JSON.stringify(value)]];
  });
  return { ...Object.fromEntries(extra), sub: session.sub, jti: session.jti };
}
