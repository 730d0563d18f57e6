import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { sectionOf } from '../support/documents.ts';
import { type KeyServer, startKeyServer } from '../support/jwks-server.ts';
import { type KeyPair, makeKeyPair, signWith } from '../support/key-pairs.ts';
import { useLog } from '../support/log.ts';
import {
  type Deployment,
  deploy,
  localUrl,
  PROVIDERS_PAGE,
  seconds,
  statusesOf,
} from '../support/provider.ts';
import { openTestStore, type TestStore } from '../support/store.ts';

/** The page's example of several issuers: customers from Cognito, staff from Entra ID. */
interface Entry {
  readonly issuer: string;
  readonly jwksUrl: string;
  readonly audience: string;
}

useLog();
let entries: readonly Entry[];
let keys: readonly KeyPair[];
let servers: readonly KeyServer[];
let store: TestStore;
let deployment: Deployment;
beforeAll(async () => {
  const [, json = ''] =
    /```json\n([\s\S]*?)```/.exec(sectionOf(PROVIDERS_PAGE, 'Several issuers')) ?? [];
  entries = JSON.parse(json);
  keys = await Promise.all(entries.map(() => makeKeyPair('RS256')));
  // Both key sets name their key alike.
  servers = await Promise.all(keys.map(({ jwk }) => startKeyServer([{ ...jwk, kid: 'k1' }])));
  const local = entries.map((entry, index) => {
    const server = servers[index];
    return server ? { ...entry, jwksUrl: localUrl(entry.jwksUrl, server) } : entry;
  });
  store = await openTestStore();
  deployment = await deploy({ JWT_ISSUERS: JSON.stringify(local) }, store.table);
});
afterAll(async () => {
  await Promise.all(servers.map((server) => server.close()));
  await store.close();
});

/** A token that fits both entries but for its issuer, of one user name and one session. */
function token(iss: number, signedBy = iss): Promise<string> {
  const [entry, key] = [entries[iss], keys[signedBy]];
  if (!entry || !key) throw new Error('The page has two entries');
  return signWith(
    key,
    {
      ...{ iss: entry.issuer, iat: seconds(), exp: seconds() + 900, auth_time: seconds() - 60 },
      ...{ client_id: entry.audience, token_use: 'access', scp: 'a', jti: randomUUID() },
      ...{ sub: 'alice', oid: 'alice', origin_jti: 'one', sid: 'one' },
    },
    { kid: 'k1' },
  );
}

test('equal names of two issuers are two users, whose logouts do not meet', async () => {
  const [customer, staff] = [await token(0), await token(1)];
  const subs = [await deployment.me(customer), await deployment.me(staff)];
  expect(subs.map(({ body }) => body.sub)).toEqual(entries.map(({ issuer }) => `${issuer}|alice`));
  expect(await deployment.logout(customer, 'everywhere')).toBe(200);
  expect(await statusesOf(deployment, customer, staff)).toEqual([401, 200]);
});

test('the keys of one issuer open no tokens of the other', async () => {
  expect(await statusesOf(deployment, await token(0, 1), await token(1, 0))).toEqual([401, 401]);
});
