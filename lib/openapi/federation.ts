import { ANY, form, type Part } from './paths.ts';
import { answer, shared } from './responses.ts';
import { formOf, oauthError, object } from './schemas.ts';

/** The part of the contract that is there where identity providers send logout tokens. */
export const federation: Part = {
  tags: [{ name: 'identity providers', description: 'Logouts that a user begins elsewhere.' }],
  paths: {
    '/api/v1/auth/backchannel-logout': {
      post: {
        operationId: 'backchannelLogout',
        tags: ['identity providers'],
        summary: 'Log out at the identity provider',
        description:
          'Ends what a logout token names (OpenID Connect Back-Channel Logout 1.0). Only in deployments with JWT_LOGOUT_AUDIENCE. The logout token is the credential; the endpoint needs no other.',
        security: [],
        requestBody: form('LogoutRequest'),
        responses: {
          200: answer(
            'ProviderLoggedOut',
            'The sessions are over, those included that were over before.',
          ),
          ...shared({ 400: 'InvalidLogout', ...ANY }),
        },
      },
    },
  },
  responses: {
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
  },
  schemas: {
    LogoutRequest: formOf({
      logout_token: {
        type: 'string',
        description: 'OpenID Connect Back-Channel Logout 1.0, section 2.4.',
      },
    }),
    ProviderLoggedOut: object({}),
    InvalidLogout: oauthError('invalid_request', 'For whoever runs the identity provider.'),
  },
};
