import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readConfiguration } from '../../lib/auth/config.ts';
import { createIssuer } from '../../lib/auth/services.ts';
import { revokeAll } from '../../lib/login/issue.ts';
import { queryRows } from '../../lib/sessions/rows.ts';
import { verifyToken } from '../../lib/tokens/verify.ts';
import { localVariables } from '../../local/local-environment.ts';
import { issueToken } from '../../support/issue-token.ts';
import { signerOf } from '../../support/signer.ts';
import { type ConsoleServer, startConsole } from '../support/console-server.ts';
import { TEST_SECRET } from '../support/signing.ts';

let local: ConsoleServer;
beforeAll(async () => {
  local = await startConsole();
});
afterAll(() => local.close());

type Variables = Readonly<Record<string, string>>;

const ADOPTED = { SESSIONS: 'adopted', JWT_SESSION_CLAIM: 'jti' };

async function serviceOf(variables: Variables) {
  const environment = { SESSIONS_TABLE: local.store.table, JWT_SECRET: TEST_SECRET, ...variables };
  const signer = await signerOf(environment);
  const { issuers } = readConfiguration(environment);
  if (!signer) throw new Error('This service has no secret');
  return { signer, issuers: issuers.map((each) => createIssuer(each, local.store)) };
}

/** What `me` would find, as a check does; it adopts. */
async function check(token: string, { issuers }: Awaited<ReturnType<typeof serviceOf>>) {
  const verification = await verifyToken(token, issuers);
  if (verification.status !== 'verified') return verification;
  return verification.sessions.find(verification, () => ({}));
}

describe('a token of the local run', () => {
  test.each<[string, Variables]>([
    ['with jti', {}],
    ['with sid', { JWT_SESSION_CLAIM: 'sid' }],
    ['with auth_time', { JWT_SESSION_CLAIM: 'auth_time' }],
    ['with none', { JWT_SESSION_CLAIM: 'none' }],
    ['with a user of another claim', { JWT_USER_CLAIM: 'oid' }],
    ['with required claims', { JWT_REQUIRE: 'token_use=access scope=a=b email' }],
    ['with issuer and audience', { JWT_ISSUER: 'https://a', JWT_AUDIENCE: 'one two' }],
  ])(
    '%s writes no row, and is adopted under the key that it was handed out with',
    async (_, more) => {
      const service = await serviceOf({ ...ADOPTED, ...more });
      const sub = `user-${JSON.stringify(more)}`;
      const request = { sub, ttlSeconds: 60, userAgent: 'Phone' };
      const { token, session } = await issueToken(local.store, service.signer, request);
      expect(session).toMatchObject({ sub, user_agent: 'Phone' });
      expect(await queryRows(local.store, sub)).toEqual([]);
      const { jti, sid, auth_time } = session;
      expect(await check(token, service)).toMatchObject({ session: { sub, jti, sid, auth_time } });
      expect(await queryRows(local.store, sub)).toMatchObject([{ sub, jti }]);
    },
  );

  test.each(['jti', 'auth_time'])(
    'begins after a logout of everywhere in the same second, by %s',
    async (JWT_SESSION_CLAIM) => {
      const service = await serviceOf({ ...ADOPTED, JWT_SESSION_CLAIM });
      const sub = `again-${JWT_SESSION_CLAIM}`;
      for (let round = 0; round < 20; round += 1) {
        const { revoked_before } = await revokeAll(local.store, sub);
        const request = { sub, ttlSeconds: 60 };
        const { token, session } = await issueToken(
          local.store,
          service.signer,
          request,
          revoked_before,
        );
        expect(session.auth_time).toBeGreaterThan(revoked_before);
        expect(await check(token, service)).toMatchObject({
          session: { auth_time: session.auth_time },
        });
      }
    },
  );

  test.each<[string, Variables]>([
    ['of sub and jti', {}],
    ['of other claims', { JWT_USER_CLAIM: 'oid', JWT_SESSION_CLAIM: 'sid', JWT_REQUIRE: 'a=b' }],
  ])('of a registered session %s has its row at once', async (_, variables) => {
    const service = await serviceOf(variables);
    const sub = `registered-${JSON.stringify(variables)}`;
    const { token, session } = await issueToken(local.store, service.signer, {
      sub,
      ttlSeconds: 60,
    });
    expect(await queryRows(local.store, sub)).toEqual([session]);
    expect(await check(token, service)).toMatchObject({ session });
  });
});

describe('the console of adopted sessions', () => {
  test('signs a token and writes nothing; the row comes with the first check, and shows its end', async () => {
    const service = await serviceOf(ADOPTED);
    Object.assign(local.demo, { sub: 'console-user', signer: service.signer, adopted: true });
    const { token, session } = JSON.parse((await local.signIn('Phone')).body);
    expect(session).toMatchObject({ sub: 'console-user', user_agent: 'Phone' });
    expect(await local.rows()).toMatchObject({ adopted: true, canSign: true, rows: [] });
    await check(token, service);
    expect((await local.rows()).rows).toMatchObject([{ jti: session.jti, state: 'alive' }]);
    const verification = await verifyToken(token, service.issuers);
    if (verification.status !== 'verified') throw new Error('The token is not verified');
    await verification.sessions.end(verification.session);
    expect((await local.rows()).rows).toMatchObject([{ jti: session.jti, state: 'ended' }]);
  });

  test('says that it cannot sign where there is no secret', async () => {
    const environment = {
      ...{ SESSIONS_TABLE: local.store.table, ...ADOPTED },
      ...{ JWT_JWKS_URL: 'https://login.example/keys', JWT_ISSUER: 'https://login.example' },
    };
    Object.assign(local.demo, { signer: await signerOf(environment) });
    expect(await local.signIn('Phone')).toMatchObject({
      status: 409,
      body: expect.stringContaining('only a public key'),
    });
    expect(await local.rows()).toMatchObject({ canSign: false, adopted: true });
  });

  test('shows a row without a known end as it is', async () => {
    Object.assign(local.demo, { sub: 'odd' });
    const row = {
      sub: 'odd',
      jti: 'j',
      sid: 'j',
      auth_time: Date.now(),
      expires_at: 4_000_000_000,
    };
    const Item = { ...row, ended_at: 'yesterday' };
    await local.store.client.send(new PutCommand({ TableName: local.store.table, Item }));
    expect((await local.rows()).rows).toMatchObject([{ state: 'ended' }]);
  });
});

describe('the variables of a local run', () => {
  const NAMES = [
    ...['JWT_REQUIRE', 'JWT_USER_CLAIM', 'JWT_SESSION_CLAIM', 'SESSIONS', 'SESSION_MAX_AGE'],
    ...['SESSIONS_NOT_BEFORE', 'IDLE_TIMEOUT', 'MAX_SESSIONS', 'JWT_ISSUERS'],
  ];
  test.each(NAMES)('have %s from the shell', (name) =>
    expect(localVariables({ [name]: 'x' })).toMatchObject({ [name]: 'x' }),
  );

  test('have a throw-away secret, but beside several issuers', () => {
    expect(localVariables(ADOPTED)).toHaveProperty('JWT_SECRET');
    expect(localVariables({ JWT_ISSUERS: '' })).toHaveProperty('JWT_SECRET');
    expect(localVariables({ JWT_ISSUERS: '[]' })).not.toHaveProperty('JWT_SECRET');
  });
});
