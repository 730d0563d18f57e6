/** The steps of “Going live without logging everybody out”, on the clock. */
import { randomUUID } from 'node:crypto';
import { DeleteCommand, ScanCommand } from '@aws-sdk/lib-dynamodb';
import { beforeEach, expect, jest, test } from '@jest/globals';
import { issueSession, refreshSession } from '../../lib/login/issue.ts';
import { useFrozenDate } from '../support/clock.ts';
import { type Deployment, deploy, seconds } from '../support/deployment.ts';
import { variablesOf } from '../support/documents.ts';
import { useLog } from '../support/log.ts';
import { signRaw, TEST_SECRET, testSigner } from '../support/signing.ts';
import { useTestStore } from '../support/store.ts';

/** Lifetime of the old login service's tokens, in seconds. */
const OLD_LIFETIME = 3_600;
const [ADOPTED = {}, REGISTERED = {}] = variablesOf(
  'docs/identity-providers.md',
  'Going live without logging everybody out',
);

useLog();
useFrozenDate(1_800_000_000_000);
const store = useTestStore();
let deployment: Deployment;
/** Tokens of users who are logged in, and of those who logged out or were refreshed. */
let active: Set<string>;
let over: Set<string>;
beforeEach(() => {
  active = new Set();
  over = new Set();
});

/** A function reads its variables at its first request. */
async function release(variables: Readonly<Record<string, string>>): Promise<void> {
  deployment = await deploy({ ...variables, JWT_SECRET: TEST_SECRET }, store.table);
  expect((await deployment.me('no.valid.token')).status).toBe(401);
}

/** Requires that nobody who is logged in is logged out, and nobody who logged out gets in. */
async function audit(): Promise<void> {
  for (const token of active) expect((await deployment.me(token)).status).toBe(200);
  for (const token of over) expect((await deployment.me(token)).status).toBe(401);
}

/** Notes that a token opens nothing from now on. */
function end(token: string): void {
  active.delete(token);
  over.add(token);
}

async function logout(token: string): Promise<void> {
  expect(await deployment.logout(token)).toBe(200);
  end(token);
}

/** A log-in at the old login service, which writes no rows. */
function oldLogin(jti: object): string {
  const times = { iat: seconds(), exp: seconds() + OLD_LIFETIME };
  const token = signRaw({ alg: 'HS256', typ: 'JWT' }, { sub: randomUUID(), ...times, ...jti });
  active.add(token);
  return token;
}

/** A log-in at the login service of step 2. */
async function login(): Promise<string> {
  const { token } = await issueSession(store, testSigner, {
    ...{ sub: randomUUID(), ttlSeconds: 2 * OLD_LIFETIME },
  });
  active.add(token);
  return token;
}

/** A refresh as in step 2: asks `me` first, then refreshes the row that `session.id` names. */
async function refresh(token: string, ttlSeconds = 2 * OLD_LIFETIME): Promise<string | null> {
  const { status, body } = await deployment.me(token);
  if (status === 401) return null;
  const { id } = Object(body.session);
  const old = { sub: String(body.sub), jti: Buffer.from(id, 'base64url').toString() };
  const refreshed = await refreshSession(store, testSigner, old, { ttlSeconds });
  end(token);
  if (refreshed) active.add(refreshed.token);
  return refreshed?.token ?? null;
}

/** Moves the clock, and deletes what TTL would. */
async function wait(secondsToWait: number): Promise<void> {
  jest.setSystemTime(Date.now() + secondsToWait * 1_000);
  const { Items: rows = [] } = await store.client.send(new ScanCommand({ TableName: store.table }));
  for (const { sub, jti, expires_at } of rows)
    if (Number(expires_at) <= seconds())
      await store.client.send(new DeleteCommand({ TableName: store.table, Key: { sub, jti } }));
}

test.each([
  ['none', 'have no jti', () => ({})],
  ['none', 'have a jti', () => ({ jti: randomUUID() })],
  ['jti', 'have a jti', () => ({ jti: randomUUID() })],
])(
  'nobody who is logged in is logged out, and nobody who logged out gets in: with %s, where old tokens %s',
  async (JWT_SESSION_CLAIM, _, jti) => {
    // 1. Deploy with adopted sessions.
    const [phone, laptop, tablet, kiosk] = [jti(), jti(), jti(), jti()].map(oldLogin);
    await release({ ...ADOPTED, JWT_SESSION_CLAIM });
    await audit();
    await logout(phone ?? '');
    await audit();

    // 2. Let the login service write rows.
    const [car, desk] = [await login(), await login()];
    await logout(await login());
    expect(await refresh(laptop ?? '')).not.toBeNull();
    await audit();
    await refresh(car);
    // A logout with the replaced token ends the refreshed one.
    const successor = await refresh(desk);
    await logout(desk);
    end(successor ?? '');
    expect(await refresh(phone ?? '')).toBeNull();
    await audit();

    // A successor that lives shorter than the old token: TTL deletes its row first.
    const short = await refresh(tablet ?? '', 60);
    await logout(short ?? '');
    await wait(120);
    await audit();

    // 3. Wait.
    await wait(OLD_LIFETIME + 5 - 120);
    end(kiosk ?? '');
    expect(active.size).toBe(2);
    await audit();

    // 4. Deploy with registered sessions.
    await release(REGISTERED);
    // A token without a row opens nothing any more.
    end(oldLogin(jti()));
    await audit();
    await login();
    for (const token of [...active].slice(1)) await logout(token);
    await audit();
  },
);

test('the page’s steps are these two deployments', () => {
  expect([ADOPTED, REGISTERED]).toEqual([
    { SESSIONS: 'adopted', JWT_SESSION_CLAIM: 'none' },
    { SESSIONS: 'registered' },
  ]);
});
