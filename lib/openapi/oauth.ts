import { ANY, form, type Operation, type Part } from './paths.ts';
import { answer, NO_STORE, type Response, shared } from './responses.ts';
import { formOf, oauthError, object, reference } from './schemas.ts';

const TEXT = { type: 'string' };
const SECONDS = { type: 'number', description: 'Seconds since the epoch.' };

/** The part of the contract that is there where OAuth clients are configured: introspection and revocation. */
export const oauth: Part = {
  tags: [{ name: 'resource servers', description: 'Questions of OAuth clients about any token.' }],
  paths: {
    '/api/v1/auth/introspect': endpoint(
      'introspect',
      'What is this token worth',
      'Token introspection (RFC 7662) for resource servers. The answer holds at the moment of the request: ask for each request, and cache nothing.',
      answer(
        'Introspection',
        'The members of an active token; `{"active":false}` and no reason for anything else.',
        {
          active: {
            value: { active: true, token_type: 'Bearer', sub: 'alice', exp: 1_767_260_400 },
          },
          inactive: { value: { active: false } },
        },
      ),
    ),
    '/api/v1/auth/revoke': endpoint(
      'revoke',
      'End the session of a token',
      'Token revocation (RFC 7009): the same end as log-out. Any client may revoke any token that it holds. `token_type_hint` is ignored.',
      answer(
        'Revoked',
        'The session is over; the same for an expired, unknown or malformed token.',
      ),
    ),
  },
  securitySchemes: {
    client: {
      type: 'http',
      scheme: 'basic',
      description:
        'Id and secret of an OAuth client (`client_secret_basic`, RFC 6749, section 2.3.1), both form-encoded. The parameters `client_id` and `client_secret` of the body may take their place (`client_secret_post`).',
    },
  },
  headers: {
    'Client-Challenge': {
      description: 'RFC 6749, section 5.2.',
      required: true,
      schema: { type: 'string', const: 'Basic realm="true-logout", charset="UTF-8"' },
    },
  },
  responses: {
    InvalidRequest: answer(
      'InvalidRequest',
      'No form, no token, a repeated parameter, or two ways of authentication at once.',
    ),
    InvalidClient: {
      ...answer('InvalidClient', 'The client is unknown, or its secret is wrong.'),
      headers: { ...NO_STORE, 'WWW-Authenticate': reference('headers', 'Client-Challenge') },
    },
  },
  schemas: {
    TokenRequest: formOf(
      { token: TEXT, token_type_hint: TEXT, client_id: TEXT, client_secret: TEXT },
      ['token'],
    ),
    Introspection: {
      oneOf: [reference('schemas', 'ActiveToken'), reference('schemas', 'InactiveToken')],
    },
    InactiveToken: object({ active: { type: 'boolean', const: false } }),
    ActiveToken: object(
      {
        active: { type: 'boolean', const: true },
        token_type: {
          type: 'string',
          enum: ['Bearer', 'DPoP'],
          description: '`DPoP` for a token with `cnf.jkt`, whose proof is yours to check.',
        },
        ...{ sub: TEXT, iss: TEXT, jti: TEXT, sid: TEXT, username: TEXT },
        ...{ scope: TEXT, client_id: TEXT },
        ...{ exp: SECONDS, iat: SECONDS, nbf: SECONDS, auth_time: SECONDS },
        aud: { type: ['string', 'array'], items: TEXT },
        cnf: { description: 'Binds the token to a key of its holder (RFC 7800).' },
      },
      ['active', 'token_type'],
    ),
    Revoked: object({}),
    InvalidRequest: oauthError('invalid_request', 'For whoever develops the client.'),
    InvalidClient: oauthError('invalid_client', 'For whoever develops the client.'),
  },
};

function endpoint(operationId: string, summary: string, description: string, ok: Response) {
  const post: Operation = {
    ...{ operationId, summary, description, tags: ['resource servers'] },
    security: [{ client: [] }],
    requestBody: form('TokenRequest'),
    responses: {
      200: ok,
      ...shared({ 400: 'InvalidRequest', 401: 'InvalidClient', ...ANY }),
    },
  };
  return { post };
}
