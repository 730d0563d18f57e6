import { errorId } from './schemas.ts';
import type { Example, Header, Reference, Response } from './types.ts';

const NO_STORE: Header = {
  description: 'No answer is to be kept: a session may be gone a moment later.',
  required: true,
  schema: { type: 'string', const: 'no-store' },
};

/** Headers by name, for answers to refer to. */
export const headers: Readonly<Record<string, Header>> = {
  'Cache-Control': NO_STORE,
  'WWW-Authenticate': {
    description: 'RFC 6750, section 3.1.',
    required: true,
    schema: { type: 'string', const: 'Bearer error="invalid_token"' },
  },
  'X-Error-ID': {
    description:
      'The `error_id` of the body, by which the one log line of this error is found. Missing where the gateway answers for a function.',
    required: false,
    schema: errorId(),
  },
};

/** Answers that several endpoints have, by name. */
export const responses: Readonly<Record<string, Response>> = {
  Unauthorized: answer(
    'Unauthorized',
    'The token opens nothing: expired, logged out, forged, or no token of this service.',
    { token: { value: { detail: 'Could not validate credentials' } } },
    ['WWW-Authenticate'],
  ),
  Forbidden: answer('Forbidden', 'No bearer token was sent.', {
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
    description: 'The gateway’s own answer beyond the stage’s throttle. Try again later.',
    content: {
      'application/json': {
        schema: { $ref: '#/components/schemas/GatewayError' },
        examples: { throttled: { value: { message: 'Too Many Requests' } } },
      },
    },
  },
  UnhandledError: {
    description:
      'Anything unexpected, such as a store that can’t be asked: take the session for alive, keep the token, try again. For a function that crashed or ran out of time the gateway answers, with a `message` alone and without an error id.',
    headers: {
      // No reference: the gateway's own answer has it as little as an error id.
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
            summary: 'As `prod` says it',
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
            summary: 'As the gateway says it, for a function that crashed or ran out of time',
            value: { message: 'Internal Server Error' },
          },
        },
      },
    },
  },
  GatewayFailure: {
    description:
      'The gateway’s own answer where the request, or its answer, got lost (502, 503, 504): as after a 500, take the session for alive, keep the token, try again.',
    content: {
      'application/json': {
        schema: { $ref: '#/components/schemas/GatewayError' },
        examples: { unavailable: { value: { message: 'Service Unavailable' } } },
      },
    },
  },
};

/** An answer that has a JSON body of a schema, and the headers that all have. */
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

/** An answer without a body. */
export function emptyAnswer(description: string): Response {
  return { description, headers: headerReferences(['Cache-Control']) };
}

/** The answers of these names in `components`, for an operation. */
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
