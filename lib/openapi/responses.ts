import { errorId } from './schemas.ts';
import type { Example, Header, Reference, Response } from './types.ts';

const NO_STORE: Header = {
  description: 'Never cache: a session may end a moment later.',
  required: true,
  schema: { type: 'string', const: 'no-store' },
};

/** Shared headers, by name. */
export const headers: Readonly<Record<string, Header>> = {
  'Cache-Control': NO_STORE,
  'WWW-Authenticate': {
    description: 'RFC 6750, section 3.1.',
    required: true,
    schema: { type: 'string', const: 'Bearer error="invalid_token"' },
  },
  'X-Error-ID': {
    description:
      'The `error_id` of the body, the key to the error’s log line. Absent where the gateway answers for the function.',
    required: false,
    schema: errorId(),
  },
};

/** Shared responses, by name. */
export const responses: Readonly<Record<string, Response>> = {
  Unauthorized: answer(
    'Unauthorized',
    'The token is expired, logged out, forged, or not of this service.',
    { token: { value: { detail: 'Could not validate credentials' } } },
    ['WWW-Authenticate'],
  ),
  Forbidden: answer('Forbidden', 'The request carries no bearer token.', {
    missing: {
      summary: 'No Authorization header, or nothing after its scheme',
      value: { detail: 'Not authenticated' },
    },
    scheme: {
      summary: 'Another scheme than Bearer',
      value: { detail: 'Invalid authentication credentials' },
    },
  }),
  TooManyRequests: {
    description: 'The gateway’s own response above the stage’s request limit. Retry later.',
    content: {
      'application/json': {
        schema: { $ref: '#/components/schemas/GatewayError' },
        examples: { throttled: { value: { message: 'Too Many Requests' } } },
      },
    },
  },
  UnhandledError: {
    description:
      'An unexpected error, such as an unreachable DynamoDB. Treat the session as active, keep the token, and retry. For a crashed or timed-out function the gateway answers, with a `message` only and without an error id.',
    headers: {
      // Inline, as the gateway's own response has neither this header nor an error id.
      'Cache-Control': { ...NO_STORE, required: false },
      ...headerReferences(['X-Error-ID']),
    },
    content: {
      'application/json': {
        schema: {
          oneOf: [
            { $ref: '#/components/schemas/UnhandledError' },
            { $ref: '#/components/schemas/GatewayError' },
          ],
        },
        examples: {
          store: {
            value: {
              detail: 'Internal Server Error',
              error: 'connect ECONNREFUSED 192.0.2.1:443',
              error_type: 'Error',
              trace:
                'Error: connect ECONNREFUSED 192.0.2.1:443\n    at endSession (lib/sessions/sessions.ts:65:3)',
              error_id: '3f1c9a52-6c0e-4c0e-9d0c-2b8f6a4d7e11',
              path: '/api/v1/auth/logout',
              method: 'POST',
            },
          },
          redacted: {
            summary: 'As redacted, for example in `prod`',
            value: {
              detail: 'Internal Server Error',
              error: 'See the log for error id 3f1c9a52-6c0e-4c0e-9d0c-2b8f6a4d7e11',
              error_type: 'TimeoutError',
              trace: 'See the log for error id 3f1c9a52-6c0e-4c0e-9d0c-2b8f6a4d7e11',
              error_id: '3f1c9a52-6c0e-4c0e-9d0c-2b8f6a4d7e11',
              path: '/api/v1/auth/me',
              method: 'GET',
            },
          },
          gateway: {
            summary: 'From the gateway, for a crashed or timed-out function',
            value: { message: 'Internal Server Error' },
          },
        },
      },
    },
  },
  GatewayFailure: {
    description:
      'The gateway’s own response where the request or its response got lost (502, 503, 504). As after a 500, treat the session as active, keep the token, and retry.',
    content: {
      'application/json': {
        schema: { $ref: '#/components/schemas/GatewayError' },
        examples: { unavailable: { value: { message: 'Service Unavailable' } } },
      },
    },
  },
};

/** A response with a JSON body and the headers of all responses. */
export function answer(
  schema: string,
  description: string,
  examples: Readonly<Record<string, Example>>,
  further: readonly string[] = [],
): Response {
  return {
    description,
    headers: headerReferences(['Cache-Control', ...further]),
    content: {
      'application/json': { schema: { $ref: `#/components/schemas/${schema}` }, examples },
    },
  };
}

/** A response without a body. */
export function emptyAnswer(description: string): Response {
  return { description, headers: headerReferences(['Cache-Control']) };
}

/** References to shared responses, by status. */
export function shared(
  names: Readonly<Record<string, string>>,
): Readonly<Record<string, Reference>> {
  return Object.fromEntries(
    Object.entries(names).map(([status, name]) => [
      status,
      { $ref: `#/components/responses/${name}` },
    ]),
  );
}

function headerReferences(names: readonly string[]): Readonly<Record<string, Reference>> {
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}
