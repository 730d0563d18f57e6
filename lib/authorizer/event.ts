import type {
  APIGatewayRequestAuthorizerEvent,
  APIGatewayRequestAuthorizerEventV2,
  APIGatewayTokenAuthorizerEvent,
  AppSyncAuthorizerEvent,
} from 'aws-lambda';
import { type HttpRequest, parseRequest } from '../http/request.ts';

/** What API Gateway and AppSync send an authorizer. */
export type AuthorizerEvent =
  | APIGatewayRequestAuthorizerEventV2
  | APIGatewayRequestAuthorizerEvent
  | APIGatewayTokenAuthorizerEvent
  | AppSyncAuthorizerEvent;

/**
 * In which form the answer is asked for: a boolean (HTTP API, payload 2.0), an IAM policy about a stage
 * (`arn:aws:execute-api:region:account:api/stage`; the other API Gateways), AppSync's own.
 */
export type AnswerForm =
  | { readonly kind: 'simple' }
  | { readonly kind: 'policy'; readonly stageArn: string }
  | { readonly kind: 'appsync' };

/** What an authorizer needs to know, whoever asks. */
export interface AuthorizerRequest extends HttpRequest {
  readonly form: AnswerForm;
}

/**
 * Narrows an authorizer event: HTTP API (payload 2.0 or 1.0), REST API (TOKEN or REQUEST), WebSocket
 * API (`$connect`), AppSync. It never throws.
 *
 * @param event any value at all
 * @param requestId Lambda's id of the invocation
 * @returns null for an event of none of these shapes, which can't be answered with "allow"
 */
export function parseAuthorizerEvent(event: unknown, requestId?: string): AuthorizerRequest | null {
  const { version, type, methodArn, authorizationToken }: Partial<Record<string, unknown>> = {
    ...Object(event),
  };
  const request = parseRequest(event, requestId);
  if (typeof methodArn === 'string') {
    const stageArn = stageOf(methodArn);
    if (stageArn === null) return null;
    const header = type === 'TOKEN' ? onlyAuthorization(authorizationToken) : request.header;
    return { ...request, header, form: { kind: 'policy', stageArn } };
  }
  if (version === '2.0' && type === 'REQUEST') return { ...request, form: { kind: 'simple' } };
  if (typeof authorizationToken !== 'string') return null;
  // AppSync's guide has tokens without a scheme; its clients send them with one as well.
  const token = authorizationToken.includes(' ')
    ? authorizationToken
    : `Bearer ${authorizationToken}`;
  return { ...request, header: onlyAuthorization(token), form: { kind: 'appsync' } };
}

function onlyAuthorization(value: unknown): HttpRequest['header'] {
  return (name) => (name === 'authorization' && typeof value === 'string' ? value : undefined);
}

/** No part may hold a wildcard, which would let a policy reach beyond the stage. */
const METHOD_ARN = /^(arn:[\w-]+:execute-api:[\w-]+:[\w-]+:[\w-]+\/[\w$-]+)\//;

/** `arn:aws:execute-api:region:account:api/stage/METHOD/path` → all before the method. */
function stageOf(methodArn: string): string | null {
  return METHOD_ARN.exec(methodArn)?.[1] ?? null;
}
