/** Introspection and revocation as a strict client of OAuth sees them, over HTTP. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { decodeJwt } from 'jose';
import * as oauth from 'oauth4webapi';
import { completeDocument, documentOf } from '../../lib/openapi/document.ts';
import { CLIENT, ODD_CLIENT } from '../support/oauth.ts';
import { useSharedStack } from '../support/shared-stack/open.ts';

const { stack, service } = useSharedStack();
const client: oauth.Client = { client_id: CLIENT.id };
const odd: oauth.Client = { client_id: ODD_CLIENT.id };
let server: oauth.AuthorizationServer;

beforeAll(() => {
  server = {
    issuer: service.url,
    introspection_endpoint: `${service.url}/api/v1/auth/introspect`,
    revocation_endpoint: `${service.url}/api/v1/auth/revoke`,
  };
});

const METHODS: readonly [string, oauth.Client, oauth.ClientAuth][] = [
  ['client_secret_basic', client, oauth.ClientSecretBasic(CLIENT.secret)],
  ['client_secret_post', client, oauth.ClientSecretPost(CLIENT.secret)],
  ['client_secret_basic, odd', odd, oauth.ClientSecretBasic(ODD_CLIENT.secret)],
  ['client_secret_post, odd', odd, oauth.ClientSecretPost(ODD_CLIENT.secret)],
];

/** Requests pass the check that each answer is as documented. */
const options = {
  [oauth.allowInsecureRequests]: true,
  [oauth.customFetch]: (url: string, init: RequestInit) => service.fetch(url, init),
};

async function introspect(token: string, [, who, authentication] = METHODS[0] ?? never()) {
  return oauth.processIntrospectionResponse(
    server,
    who,
    await oauth.introspectionRequest(server, who, authentication, token, options),
  );
}

async function revoke(token: string, [, who, authentication] = METHODS[0] ?? never()) {
  return oauth.processRevocationResponse(
    await oauth.revocationRequest(server, who, authentication, token, options),
  );
}

function never(): never {
  throw new Error('There is no method');
}

describe.each(METHODS)('%s', (...method) => {
  test('a token is active, is revoked, and is not active at the next request', async () => {
    const { token } = await stack.issue();
    expect(await introspect(token, method)).toEqual({
      ...{ active: true, token_type: 'Bearer', ...decodeJwt(token) },
    });
    expect(await revoke(token, method)).toBeUndefined();
    expect(await introspect(token, method)).toEqual({ active: false });
    expect(await service.me(token)).toBe(401);
  });
});

test('a token that was logged out by its user is not active at the next request', async () => {
  const { token } = await stack.issue();
  expect((await introspect(token)).active).toBe(true);
  await service.ask('POST', 'logout', token);
  expect(await introspect(token)).toEqual({ active: false });
});

test('what is no token is not active, and revoking it is a success', async () => {
  for (const token of ['garbage', 'eyJhbGciOiJub25lIn0.e30.', 'ä ö']) {
    expect(await introspect(token)).toEqual({ active: false });
    expect(await revoke(token)).toBeUndefined();
  }
});

test('a wrong secret is an error that the client understands, with its challenge', async () => {
  const wrong = ['wrong', client, oauth.ClientSecretBasic('wrong')] as const;
  for (const call of [introspect, revoke])
    await expect(call('garbage', [...wrong])).rejects.toMatchObject({
      status: 401,
      cause: [{ scheme: 'basic', parameters: { realm: 'true-logout', charset: 'UTF-8' } }],
    });
});

test('a request without a token is an error that the client understands', async () => {
  const fetch = (url: string, init: RequestInit) => service.fetch(url, { ...init, body: 'a=b' });
  const request = { ...options, [oauth.customFetch]: fetch };
  const [, who, authentication] = METHODS[0] ?? never();
  const response = await oauth.introspectionRequest(server, who, authentication, 'x', request);
  await expect(oauth.processIntrospectionResponse(server, who, response)).rejects.toMatchObject({
    ...{ status: 400, error: 'invalid_request' },
  });
});

test('the contract has both endpoints, for clients alone', async () => {
  const document = await (await service.fetch('/openapi.json')).json();
  expect(document).toEqual(JSON.parse(JSON.stringify(documentOf({ OAUTH_CLIENTS: '{}' }))));
  for (const path of ['introspect', 'revoke'] as const)
    expect(completeDocument.paths[`/api/v1/auth/${path}`]?.post?.security).toEqual([
      { client: [] },
    ]);
});
