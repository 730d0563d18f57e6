import type { AuthorizerContext } from '../../lib/authorizer/result.ts';

/** The stage of the API that is called, without the method and the path. */
export const STAGE_ARN = 'arn:aws:execute-api:us-east-1:123456789012:api1/prod';

/** One of the ways in which a gateway asks an authorizer. */
export interface AuthorizerForm {
  readonly name: string;
  /** An event for a request with these Authorization headers: none, one, or a repeated one. */
  event(...authorization: readonly string[]): Record<string, unknown>;
  /** What lets the request in. */
  allowed(context: AuthorizerContext): unknown;
  /** What keeps it out; undefined means the error that API Gateway makes a 401 of. */
  readonly refused?: unknown;
}

/** Payload 2.0: repeated headers are joined by commas. */
const simple: AuthorizerForm = {
  name: 'HTTP API, payload 2.0',
  event: (...authorization) => ({
    version: '2.0',
    type: 'REQUEST',
    routeArn: `${STAGE_ARN}/GET/notes`,
    identitySource: authorization,
    routeKey: 'GET /notes',
    rawPath: '/notes',
    rawQueryString: '',
    headers: authorization.length === 0 ? {} : { authorization: authorization.join(',') },
    requestContext: {
      accountId: '123456789012',
      apiId: 'api1',
      http: { method: 'GET', path: '/notes', protocol: 'HTTP/1.1', sourceIp: '192.0.2.1' },
      requestId: 'gateway-request',
      routeKey: 'GET /notes',
      stage: 'prod',
    },
  }),
  allowed: (context) => ({ isAuthorized: true, context }),
};

/** Events of payload 1.0: the last value of a header in `headers`, all of them in `multiValueHeaders`. */
const request: AuthorizerForm['event'] = (...authorization) => ({
  type: 'REQUEST',
  methodArn: `${STAGE_ARN}/GET/notes`,
  resource: '/notes',
  path: '/notes',
  httpMethod: 'GET',
  headers: authorization.length === 0 ? {} : { Authorization: authorization.at(-1) },
  multiValueHeaders: authorization.length === 0 ? {} : { Authorization: authorization },
  requestContext: { accountId: '123456789012', apiId: 'api1', stage: 'prod' },
});

const policy = (context: AuthorizerContext) => ({
  principalId: context.sub,
  policyDocument: {
    Version: '2012-10-17',
    Statement: [{ Action: 'execute-api:Invoke', Effect: 'Allow', Resource: `${STAGE_ARN}/*` }],
  },
  context,
});

const appsync = (event: AuthorizerForm['event']) => ({
  event,
  allowed: (context: AuthorizerContext) => ({
    isAuthorized: true,
    resolverContext: context,
    ttlOverride: 0,
  }),
  refused: { isAuthorized: false, ttlOverride: 0 },
});

const graphQl = (authorizationToken: string) => ({
  authorizationToken,
  requestContext: {
    apiId: 'api1',
    accountId: '123456789012',
    requestId: 'gateway-request',
    queryString: 'query { notes { text } }',
    variables: {},
  },
  requestHeaders: {},
});

export const authorizerForms: readonly AuthorizerForm[] = [
  simple,
  {
    name: 'HTTP API, payload 1.0',
    event: (...authorization) => ({ version: '1.0', ...request(...authorization) }),
    allowed: policy,
  },
  {
    name: 'REST API, TOKEN',
    event: (...authorization) => ({
      type: 'TOKEN',
      methodArn: `${STAGE_ARN}/GET/notes`,
      ...(authorization.length === 0 ? {} : { authorizationToken: authorization.join(',') }),
    }),
    allowed: policy,
  },
  { name: 'REST API, REQUEST', event: request, allowed: policy },
  {
    name: 'REST API, REQUEST with multiValueHeaders only',
    event: (...authorization) => ({ ...request(...authorization), headers: null }),
    allowed: policy,
  },
  {
    name: 'WebSocket API, $connect',
    event: (...authorization) => {
      const { path: _, httpMethod: __, resource: ___, ...event } = request(...authorization);
      return {
        ...event,
        methodArn: `${STAGE_ARN}/$connect`,
        requestContext: {
          routeKey: '$connect',
          eventType: 'CONNECT',
          connectionId: 'c1',
          stage: 'prod',
        },
      };
    },
    allowed: policy,
  },
  {
    name: 'AppSync, with a scheme',
    ...appsync((...authorization) => graphQl(authorization.join(','))),
  },
  {
    name: 'AppSync, without a scheme',
    ...appsync((...authorization) => graphQl(authorization.join(',').replace(/^Bearer /i, ''))),
  },
];
