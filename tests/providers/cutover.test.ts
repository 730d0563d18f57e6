/** The steps of “Going live without logging everybody out”, on the clock. */
import { randomUUID } from 'node:crypto';
import { DeleteCommand, ScanCommand } from '@aws-sdk/lib-dynamodb';
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  jest,
  test,
} from '@jest/globals';
import type { SessionStore } from '../../lib/aws/dynamodb.ts';
import { issueSession, refreshSession } from '../../lib/login/issue.ts';
import { freezeDate } from '../support/clock.ts';
import { type Deployment, deploy, seconds } from '../support/deployment.ts';
import { variablesOf } from '../support/documents.ts';
import { useLog } from '../support/log.ts';
import { signRaw, TEST_SECRET, testSigner } from '../support/signing.ts';
import { openTestStore, type TestStore } from '../support/store.ts';

/** Lifetime of the old login service's tokens, in seconds. */
const OLD_LIFETIME = 3_600;
const [ADOPTED = {}, REGISTERED = {}] = variablesOf(
  'docs/identity-providers.md',
  'Going live without logging everybody out',
);

useLog();
let store: TestStore;
let deployment: Deployment;
/** Tokens of users who are logged in, and of those who logged out or were refreshed. */
let active: Set<string>;
let over: Set<string>;
beforeAll(async () => {
  store = await openTestStore();
});
beforeEach(() => {
  active = new Set();
  over = new Set();
  freezeDate(1_800_000_000_000);
});
afterEach(() => {
  jest.useRealTimers();
});
afterAll(() => store.close());

const deployments = new Map<string, Deployment>();

/** Deploys once for each set of variables; a function reads them at its first request. */
async function release(variables: Readonly<Record<string, string>>): Promise<void> {
  const name = JSON.stringify(variables);
  const known = deployments.get(name);
  deployment = known ?? (await deploy({ ...variables, JWT_SECRET: TEST_SECRET }, store.table));
  if (!known) expect((await deployment.me('no.valid.token')).status).toBe(401);
  deployments.set(name, deployment);
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
async function refresh(
  token: string,
  { ttlSeconds = 2 * OLD_LIFETIME, through = store as SessionStore } = {},
): Promise<string | null> {
  const { status, body } = await deployment.me(token);
  if (status === 401) return null;
  const { id } = Object(body.session);
  const old = { sub: String(body.sub), jti: Buffer.from(id, 'base64url').toString() };
  const refreshed = await refreshSession(through, testSigner, old, { ttlSeconds });
  end(token);
  if (refreshed) active.add(refreshed.token);
  return refreshed?.token ?? null;
}

/** A store that does something right before a call of one name. */
function interruptedBefore(name: string, act: () => Promise<void>): SessionStore {
  let pending = true;
  const client = new Proxy(store.client, {
    get: (target, property) =>
      property === 'send'
        ? async (command: object, ...rest: never[]) => {
            const due = pending && command.constructor.name === name;
            pending &&= !due;
            if (due) await act();
            return target.send(command as never, ...rest);
          }
        : Reflect.get(target, property),
  });
  return { ...store, client };
}

/** Moves the clock, and deletes what TTL would. */
async function wait(secondsToWait: number): Promise<void> {
  jest.setSystemTime(Date.now() + secondsToWait * 1_000);
  const { Items: rows = [] } = await store.client.send(new ScanCommand({ TableName: store.table }));
  for (const { sub, jti, expires_at } of rows)
    if (Number(expires_at) <= seconds())
      await store.client.send(new DeleteCommand({ TableName: store.table, Key: { sub, jti } }));
}

describe.each([
  ['none', 'have no jti', () => ({})],
  ['none', 'have a jti', () => ({ jti: randomUUID() })],
  ['jti', 'have a jti', () => ({ jti: randomUUID() })],
])('with %s, where old tokens %s', (JWT_SESSION_CLAIM, _, jti) => {
  const adopted = { ...ADOPTED, JWT_SESSION_CLAIM };

  test('nobody who is logged in is logged out, and nobody who logged out gets in', async () => {
    // 1. Deploy with adopted sessions.
    const [phone, laptop, tablet, kiosk] = [jti(), jti(), jti(), jti()].map(oldLogin);
    await release(adopted);
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
    const short = await refresh(tablet ?? '', { ttlSeconds: 60 });
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
  });

  test.each([['BatchGetCommand'], ['PutCommand'], ['UpdateCommand']])(
    'a logout beside a refresh, right before its %s, ends the session under either token',
    async (call) => {
      await release(adopted);
      const token = oldLogin(jti());
      const through = interruptedBefore(call, () => logout(token));
      expect(await refresh(token, { through })).toBeNull();
      await audit();
      await release(REGISTERED);
      await audit();
      expect([over.size, active.size]).toEqual([1, 0]);
    },
  );

  test('a logout right after a refresh, by the old token, ends the refreshed one', async () => {
    await release(adopted);
    const token = oldLogin(jti());
    const refreshed = await refresh(token);
    await logout(token);
    end(refreshed ?? '');
    await audit();
    await release(REGISTERED);
    await audit();
    expect([over.size, active.size]).toEqual([2, 0]);
  });
});

test('the page’s steps are these two deployments', () => {
  expect([ADOPTED, REGISTERED]).toEqual([
    { SESSIONS: 'adopted', JWT_SESSION_CLAIM: 'none' },
    { SESSIONS: 'registered' },
  ]);
});
