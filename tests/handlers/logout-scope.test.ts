import { describe, expect, test } from '@jest/globals';
import { handler as logout } from '../../handlers/logout.ts';
import { handler as me } from '../../handlers/me.ts';
import { refreshSession } from '../../lib/login/issue.ts';
import { revokeMany } from '../../lib/sessions/revoke-many.ts';
import type { Session } from '../../lib/sessions/session.ts';
import { endSession, findSession } from '../../lib/sessions/sessions.ts';
import { answer, LOGGED_OUT, NOT_AUTHENTICATED, UNAUTHORIZED } from '../support/answers.ts';
import { eventV2, FORMATS, type TestRequest } from '../support/events.ts';
import { invoke, statusOfMe } from '../support/lambda.ts';
import { useLog } from '../support/log.ts';
import { useProxiedStore } from '../support/proxied-store.ts';
import {
  type Issued,
  issueTestDevices,
  issueTestSession,
  signRaw,
  testSigner,
} from '../support/signing.ts';

const MANY = ['others', 'everywhere'] as const;

const store = useProxiedStore();
useLog();

const devices = () => issueTestDevices(store.direct);
const statuses = (...tokens: readonly Issued[]) =>
  Promise.all(tokens.map(({ token }) => statusOfMe(me, token)));

/** Waits for the next millisecond, so that a new log-in is after all that was before. */
function nextMillisecond(): void {
  const nowMs = Date.now();
  while (Date.now() === nowMs);
}

describe.each(FORMATS)('payload format %s', (_, event) => {
  const post = (token: string | undefined, query: NonNullable<TestRequest['query']> = {}) =>
    invoke(logout, event({ token, query }));

  test.each([{}, { scope: 'this' }, { Scope: 'everywhere', scopes: 'others' }])(
    '%j: ends the presented session alone, in one call, with the same bytes as ever',
    async (query) => {
      const { phone, laptop } = await devices();
      expect(await post(phone.token, query)).toEqual(LOGGED_OUT);
      expect(store.operations()).toEqual(['DeleteItem']);
      expect(await statuses(phone, laptop)).toEqual([401, 200]);
    },
  );

  test('others: ends the other device, and not the one that asks', async () => {
    const { phone, laptop } = await devices();
    expect(await post(phone.token, { scope: 'others' })).toEqual(LOGGED_OUT);
    expect(store.operations()).toEqual(['BatchGetItem', 'UpdateItem', 'Query', 'BatchWriteItem']);
    expect(await statuses(phone, laptop)).toEqual([200, 401]);
  });

  test('everywhere: ends both, and a later log-in is in', async () => {
    const { phone, laptop } = await devices();
    expect(await post(phone.token, { scope: 'everywhere' })).toEqual(LOGGED_OUT);
    expect(store.operations()).toEqual(['BatchGetItem', 'UpdateItem', 'Query', 'BatchWriteItem']);
    expect(await statuses(phone, laptop)).toEqual([401, 401]);
    nextMillisecond();
    const { sub } = phone.session;
    expect(await statuses(await issueTestSession(store.direct, { sub }))).toEqual([200]);
  });

  test('everywhere, a second time with the same token: 401, as it is dead', async () => {
    const { phone } = await devices();
    await post(phone.token, { scope: 'everywhere' });
    expect(await post(phone.token, { scope: 'everywhere' })).toEqual(UNAUTHORIZED);
    expect(await post(phone.token)).toEqual(LOGGED_OUT);
  });

  test.each(MANY)('%s: does nothing to another user', async (scope) => {
    const [{ phone }, stranger] = [await devices(), await devices()];
    await post(phone.token, { scope });
    expect(await statuses(stranger.phone, stranger.laptop)).toEqual([200, 200]);
  });

  test.each([
    ...[{ scope: '' }, { scope: 'all' }, { scope: 'EVERYWHERE' }, { scope: 'everywhere ' }],
    ...[{ scope: 'constructor' }, { scope: 'this,others' }],
    ...[{ scope: ['everywhere', 'everywhere'] }, { scope: ['this', 'everywhere'] }],
  ])('%j: 422, naming the three, and nothing is asked of the store', async (query) => {
    const { phone } = await devices();
    const detail = 'scope must be one of this, others, everywhere';
    for (const token of [phone.token, 'garbage'])
      expect(await post(token, query)).toEqual(answer(422, { detail }));
    expect(store.operations()).toEqual([]);
    expect(await statuses(phone)).toEqual([200]);
  });

  test.each(['others', 'everywhere', 'all'])('no header: 403, whatever the scope is: %s', (scope) =>
    expect(post(undefined, { scope })).resolves.toEqual(NOT_AUTHENTICATED),
  );
});

describe.each(MANY)('%s needs an active session, and else writes nothing: a token', (scope) => {
  const HS256 = { alg: 'HS256' };
  const exp = Math.floor(Date.now() / 1_000) + 3_600;
  const READ = ['BatchGetItem'];

  /** What happens to the token of a phone whose user still has a laptop; and the calls it may cost. */
  test.each<[string, string[], (phone: Session, laptop: Session) => unknown]>([
    ['logged out', READ, (session) => endSession(store.direct, session)],
    [
      'refreshed since',
      READ,
      (session) => refreshSession(store.direct, testSigner, session, { ttlSeconds: 60 }),
    ],
    [
      'living on after its session’s end',
      READ,
      async ({ sub }) => {
        const { session } = await issueTestSession(store.direct, { sub, ttlSeconds: -1 });
        return signRaw(HS256, { sub, jti: session.jti, exp });
      },
    ],
    [
      'ended by another device',
      READ,
      (_, session) => revokeMany(store.direct, { session, cutoff: undefined }, 'others'),
    ],
    [
      'expired, though its row is there',
      [],
      ({ sub, jti }) => signRaw(HS256, { sub, jti, exp: 1 }),
    ],
    ['forged', [], ({ sub, jti }) => signRaw(HS256, { sub, jti, exp }, 'x'.repeat(40))],
    ['of the cutoff’s own key', [], ({ sub }) => signRaw(HS256, { sub, jti: '#cutoff', exp })],
  ])('%s', async (_, calls, spoil) => {
    const { phone, laptop } = await devices();
    const spoiled = await spoil(phone.session, laptop.session);
    const token = typeof spoiled === 'string' ? spoiled : phone.token;
    await store.proxy.clear();
    expect(await invoke(logout, eventV2({ token, query: { scope } }))).toEqual(UNAUTHORIZED);
    expect(store.operations()).toEqual(calls);
    expect(await findSession(store.direct, laptop.session)).toEqual(laptop.session);
  });
});
