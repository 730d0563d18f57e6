import type {
  APIGatewayRequestAuthorizerEvent,
  APIGatewayRequestAuthorizerEventV2,
  APIGatewayTokenAuthorizerEvent,
  AppSyncAuthorizerEvent,
} from 'aws-lambda';
import { type HttpRequest, parseRequest } from './request.ts';

/** What API Gateway and AppSync send an authorizer. */
export type AuthorizerEvent =
  | APIGatewayRequestAuthorizerEventV2
  | APIGatewayRequestAuthorizerEvent
  | APIGatewayTokenAuthorizerEvent
  | AppSyncAuthorizerEvent;

/** What an authorizer needs to know, whoever asks. */
export interface AuthorizerRequest extends HttpRequest {
  /** The form of the answer: a boolean (HTTP API, payload 2.0), an IAM policy (the others), AppSync's own. */
  readonly form: 'simple' | 'policy' | 'appsync';
  /** The ARN of the method that is called; only where the form is a policy. */
  readonly methodArn: string;
}

/**
 * Narrows an authorizer event: HTTP API (payload 2.0 or 1.0), REST API (TOKEN or REQUEST), WebSocket
 * API (`$connect`), AppSync. It never throws.
 */
export function parseAuthorizerEvent(event: AuthorizerEvent): AuthorizerRequest {
  const fields: Partial<Record<string, unknown>> = { ...event };
  const { version, methodArn, authorizationToken } = fields;
  const request = parseRequest(event as never);
  const token = typeof authorizationToken === 'string' ? authorizationToken : undefined;
  if (typeof methodArn === 'string') {
    const tokenForm = fields.type === 'TOKEN';
    return {
      ...request,
      form: 'policy',
      methodArn,
      header: tokenForm ? onlyAuthorization(token) : request.header,
    };
  }
  if (version === '2.0') return { ...request, form: 'simple', methodArn: '' };
  return {
    ...request,
    form: 'appsync',
    methodArn: '',
    // AppSync takes a token without a scheme as well.
    header: onlyAuthorization(token?.includes(' ') ? token : `Bearer ${token ?? ''}`),
  };
}

function onlyAuthorization(value: string | undefined): HttpRequest['header'] {
  return (name) => (name === 'authorization' ? value : undefined);
}
