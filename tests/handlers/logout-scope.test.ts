import { describe, expect, test } from '@jest/globals';
import { handler as logout } from '../../handlers/logout.ts';
import { handler as me } from '../../handlers/me.ts';
import { refreshSession } from '../../lib/login/issue.ts';
import { revokeMany } from '../../lib/sessions/revoke-many.ts';
import type { Session } from '../../lib/sessions/session.ts';
import { endSession, findSession } from '../../lib/sessions/sessions.ts';
import { LOGGED_OUT, UNAUTHORIZED } from '../support/answers.ts';
import { FORMATS } from '../support/events.ts';
import { invoke } from '../support/lambda.ts';
import { useLog } from '../support/log.ts';
import { useProxiedStore } from '../support/proxied-store.ts';
import {
  type Issued,
  issueTestDevices,
  issueTestSession,
  signRaw,
  testSigner,
} from '../support/signing.ts';

const LOGOUT = { method: 'POST', path: '/api/v1/auth/logout' };
const MANY = ['others', 'everywhere'] as const;

const store = useProxiedStore();
useLog();

const devices = () => issueTestDevices(store.direct);

/** Waits for the next millisecond, so that a new log-in is after all that was before. */
function nextMillisecond(): void {
  const nowMs = Date.now();
  while (Date.now() === nowMs);
}

describe.each(FORMATS)('payload format %s', (_, request) => {
  const postLogout = (token: string | undefined, scope?: string | string[]) =>
    invoke(
      logout,
      request({ ...LOGOUT, token, ...(scope === undefined ? {} : { query: { scope } }) }),
    );
  const whoAmI = async ({ token }: Issued) =>
    (await invoke(me, request({ method: 'GET', path: '/api/v1/auth/me', token }))).statusCode;

  test.each([[undefined], ['this']])(
    'scope %s: ends the presented session alone, in one call, with the same bytes as ever',
    async (scope) => {
      const { phone, laptop } = await devices();
      expect(await postLogout(phone.token, scope)).toEqual(LOGGED_OUT);
      expect(store.operations()).toEqual(['DeleteItem']);
      expect([await whoAmI(phone), await whoAmI(laptop)]).toEqual([401, 200]);
    },
  );

  test('is `this` where parameters only resemble: the presented session alone ends', async () => {
    const { phone, laptop } = await devices();
    const query = { Scope: 'everywhere', scopes: 'others' };
    const event = request({ ...LOGOUT, token: phone.token, query });
    expect(await invoke(logout, event)).toEqual(LOGGED_OUT);
    expect([await whoAmI(phone), await whoAmI(laptop)]).toEqual([401, 200]);
  });

  test('others: ends the other device, and not the one that asks', async () => {
    const { phone, laptop } = await devices();
    expect(await postLogout(phone.token, 'others')).toEqual(LOGGED_OUT);
    expect(store.operations()).toEqual(['BatchGetItem', 'UpdateItem', 'Query', 'BatchWriteItem']);
    expect([await whoAmI(phone), await whoAmI(laptop)]).toEqual([200, 401]);
  });

  test('everywhere: ends both, and a later log-in is in', async () => {
    const { phone, laptop } = await devices();
    expect(await postLogout(phone.token, 'everywhere')).toEqual(LOGGED_OUT);
    expect(store.operations()).toEqual(['BatchGetItem', 'UpdateItem', 'Query', 'BatchWriteItem']);
    expect([await whoAmI(phone), await whoAmI(laptop)]).toEqual([401, 401]);
    nextMillisecond();
    expect(await whoAmI(await issueTestSession(store.direct, { sub: phone.session.sub }))).toBe(
      200,
    );
  });

  test('everywhere, a second time with the same token: 401, as it is dead', async () => {
    const { phone } = await devices();
    await postLogout(phone.token, 'everywhere');
    expect(await postLogout(phone.token, 'everywhere')).toEqual(UNAUTHORIZED);
    expect(await postLogout(phone.token)).toEqual(LOGGED_OUT);
  });

  test.each(MANY)('%s: does nothing to another user', async (scope) => {
    const [{ phone }, stranger] = [await devices(), await devices()];
    await postLogout(phone.token, scope);
    expect([await whoAmI(stranger.phone), await whoAmI(stranger.laptop)]).toEqual([200, 200]);
  });

  test.each([
    ['empty', ''],
    ['unknown', 'all'],
    ['in capitals', 'EVERYWHERE'],
    ['with a space', 'everywhere '],
    ['a name that every object has', 'constructor'],
    ['two in one', 'this,others'],
    ['repeated', ['everywhere', 'everywhere']],
    ['contradictory', ['this', 'everywhere']],
  ])(
    'a scope that is %s: 422, naming the three, and nothing is asked of the store',
    async (_name, scope) => {
      const { phone } = await devices();
      for (const token of [phone.token, 'garbage'])
        expect(await postLogout(token, scope)).toEqual({
          ...LOGGED_OUT,
          statusCode: 422,
          body: '{"detail":"scope must be one of this, others, everywhere"}',
        });
      expect(store.operations()).toEqual([]);
      expect(await whoAmI(phone)).toBe(200);
    },
  );

  test.each(['others', 'everywhere', 'all', ''])(
    'no header: 403, whatever the scope is (%j)',
    async (scope) => {
      expect(await postLogout(undefined, scope)).toEqual({
        ...LOGGED_OUT,
        statusCode: 403,
        body: '{"detail":"Not authenticated"}',
      });
      expect(store.operations()).toEqual([]);
    },
  );
});

describe.each(MANY)(
  '%s with a token that opens nothing: the 401 of /me, and nothing is written',
  (scope) => {
    const [, request] = FORMATS[0];
    const HS256 = { alg: 'HS256', typ: 'JWT' };
    const OTHER_SECRET = 'another secret of more than 32 bytes';
    const hour = () => Math.floor(Date.now() / 1_000) + 3_600;

    /** What happens to the token of a phone whose user still has a laptop; and the calls it may cost. */
    test.each<[string, string[], (phone: Session, laptop: Session) => unknown]>([
      ['logged out', ['BatchGetItem'], (session) => endSession(store.direct, session)],
      [
        'refreshed since',
        ['BatchGetItem'],
        (session) => refreshSession(store.direct, testSigner, session, { ttlSeconds: 60 }),
      ],
      [
        'living on after its session’s end',
        ['BatchGetItem'],
        async ({ sub }) => {
          const { session } = await issueTestSession(store.direct, { sub, ttlSeconds: -1 });
          return signRaw(HS256, { sub, jti: session.jti, exp: hour() });
        },
      ],
      [
        'expired, though its row is there',
        [],
        ({ sub, jti }) => signRaw(HS256, { sub, jti, exp: 1 }),
      ],
      ['forged', [], ({ sub, jti }) => signRaw(HS256, { sub, jti, exp: hour() }, OTHER_SECRET)],
      [
        'of the cutoff’s own key',
        [],
        ({ sub }) => signRaw(HS256, { sub, jti: '#cutoff', exp: hour() }),
      ],
      ['garbage', [], () => 'garbage'],
      [
        'ended by another device',
        ['BatchGetItem'],
        (_, session) => revokeMany(store.direct, { session, cutoff: undefined }, 'others'),
      ],
    ])('%s', async (_, calls, spoil) => {
      const { phone, laptop } = await devices();
      const spoiled = await spoil(phone.session, laptop.session);
      const token = typeof spoiled === 'string' ? spoiled : phone.token;
      await store.proxy.clear();
      expect(await invoke(logout, request({ ...LOGOUT, token, query: { scope } }))).toEqual(
        UNAUTHORIZED,
      );
      expect(store.operations()).toEqual(calls);
      expect(await findSession(store.direct, laptop.session)).toEqual(laptop.session);
    });
  },
);
