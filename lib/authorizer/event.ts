import { type HttpRequest, parseRequest } from '../http/request.ts';

/**
 * Form of the result: a boolean (HTTP API, payload 2.0), an IAM policy for a stage
 * (`arn:aws:execute-api:region:account:api/stage`; the other API Gateways), or AppSync's own.
 */
export type ResultForm =
  | { readonly kind: 'simple' }
  | { readonly kind: 'policy'; readonly stageArn: string }
  | { readonly kind: 'appsync' };

/** A request to authorize, the same for all gateways. */
export interface AuthorizerRequest extends HttpRequest {
  /** Null for an event of no known shape, which no result can allow. */
  readonly form: ResultForm | null;
}

/**
 * Narrows an authorizer event: HTTP API (payload 2.0 or 1.0), REST API (TOKEN or REQUEST), WebSocket
 * API (`$connect`), AppSync. Never throws.
 *
 * @param event any value
 * @param requestId Lambda's id of the invocation
 */
export function parseAuthorizerEvent(event: unknown, requestId?: string): AuthorizerRequest {
  const { version, type, methodArn, authorizationToken }: Partial<Record<string, unknown>> = {
    ...Object(event),
  };
  const request = parseRequest(event, requestId);
  if (typeof methodArn === 'string') {
    const [, stageArn] = METHOD_ARN.exec(methodArn) ?? [];
    if (!stageArn) return { ...request, form: null };
    const header = type === 'TOKEN' ? onlyAuthorization(authorizationToken) : request.header;
    return { ...request, header, form: { kind: 'policy', stageArn } };
  }
  if (version === '2.0' && type === 'REQUEST') return { ...request, form: { kind: 'simple' } };
  if (typeof authorizationToken !== 'string') return { ...request, form: null };
  // AppSync clients send tokens with and without a scheme.
  const token = authorizationToken.includes(' ')
    ? authorizationToken
    : `Bearer ${authorizationToken}`;
  return { ...request, header: onlyAuthorization(token), form: { kind: 'appsync' } };
}

function onlyAuthorization(value: unknown): HttpRequest['header'] {
  return (name) => (name === 'authorization' && typeof value === 'string' ? value : undefined);
}

/** `arn:…:api/stage/METHOD/path`, without wildcards: a policy with one reaches beyond the stage. */
const METHOD_ARN = /^(arn:[\w-]+:execute-api:[\w-]+:[\w-]+:[\w-]+\/[\w$-]+)\//;
