/** The part of the contract that is there where identity providers send logout tokens. */

import { ANY, type Operation } from './paths.ts';
import { answer, type Response, shared } from './responses.ts';
import { object, reference, type Schema } from './schemas.ts';

export const federationResponses: Readonly<Record<string, Response>> = {
  InvalidLogout: answer(
    'InvalidLogout',
    'No form, no logout token, or a token that is not valid here. Nothing has ended.',
    {
      user: {
        value: {
          error: 'invalid_request',
          error_description: 'The claim sub names no user: the issuer has to send it',
        },
      },
    },
  ),
};

export const federationSchemas: Readonly<Record<string, Schema>> = {
  LogoutRequest: {
    ...object({
      logout_token: {
        type: 'string',
        description: 'OpenID Connect Back-Channel Logout 1.0, section 2.4.',
      },
    }),
    // Section 2.5: other parameters are ignored.
    additionalProperties: true,
  },
  ProviderLoggedOut: object({}),
  InvalidLogout: object({
    error: { type: 'string', const: 'invalid_request' },
    error_description: { type: 'string', description: 'For whoever runs the identity provider.' },
  }),
};

/** Operations by path and by method in lower case. */
export const federationPaths: Readonly<Record<string, Readonly<Record<string, Operation>>>> = {
  '/api/v1/auth/backchannel-logout': {
    post: {
      operationId: 'backchannelLogout',
      tags: ['identity providers'],
      summary: 'Log out at the identity provider',
      description:
        'Ends what a logout token names (OpenID Connect Back-Channel Logout 1.0). Only in deployments with JWT_LOGOUT_AUDIENCE. The logout token is the credential; the endpoint needs no other.',
      security: [],
      requestBody: {
        required: true,
        content: {
          'application/x-www-form-urlencoded': { schema: reference('schemas', 'LogoutRequest') },
        },
      },
      responses: {
        200: answer(
          'ProviderLoggedOut',
          'The sessions are over, those included that were over before.',
        ),
        ...shared({ 400: 'InvalidLogout', ...ANY }),
      },
    },
  },
};
