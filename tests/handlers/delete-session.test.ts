import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { handler } from '../../handlers/delete-session.ts';
import { handler as me } from '../../handlers/me.ts';
import { revokeMany } from '../../lib/sessions/revoke-many.ts';
import { endSession, findSession } from '../../lib/sessions/sessions.ts';
import { LOGGED_OUT, UNAUTHORIZED } from '../support/answers.ts';
import { anyCharacter } from '../support/characters.ts';
import { eventV2, FORMATS } from '../support/events.ts';
import { invoke } from '../support/lambda.ts';
import { useLog } from '../support/log.ts';
import { useProxiedStore } from '../support/proxied-store.ts';
import { encode, type Issued, issueTestDevices } from '../support/signing.ts';

const NOT_FOUND = { ...LOGGED_OUT, statusCode: 404, body: '{"detail":"Session not found"}' };
const NO_CONTENT = { ...LOGGED_OUT, statusCode: 204, body: '' };

const store = useProxiedStore();
useLog();

const devices = () => issueTestDevices(store.direct);

const idOf = ({ session }: Issued) => encode(session.jti);
const isAlive = async ({ session }: Issued) => (await findSession(store.direct, session)) !== null;

const END = { method: 'DELETE', path: '/api/v1/auth/sessions/x' };
const end = (token: string | undefined, id: string) =>
  invoke(handler, eventV2({ ...END, token, id }));

describe.each(FORMATS)('payload format %s', (_, request) => {
  test('ends one of the caller’s sessions, and no other', async () => {
    const { phone, laptop } = await devices();
    const event = request({ ...END, token: phone.token, id: idOf(laptop) });
    expect(await invoke(handler, event)).toEqual(NO_CONTENT);
    expect(store.operations()).toEqual(['BatchGetItem', 'BatchGetItem', 'DeleteItem']);
    expect([await isAlive(phone), await isAlive(laptop)]).toEqual([true, false]);
  });

  test('ends the current one, which is a logout', async () => {
    const { phone, laptop } = await devices();
    const event = request({ ...END, token: phone.token, id: idOf(phone) });
    expect(await invoke(handler, event)).toEqual(NO_CONTENT);
    expect(
      await invoke(me, request({ method: 'GET', path: '/api/v1/auth/me', token: phone.token })),
    ).toEqual(UNAUTHORIZED);
    expect(await invoke(handler, event)).toEqual(UNAUTHORIZED);
    expect(await isAlive(laptop)).toBe(true);
  });
});

describe('404, and nothing is deleted:', () => {
  test('a session of another user', async () => {
    const [{ phone }, stranger] = [await devices(), await devices()];
    expect(await end(phone.token, idOf(stranger.phone))).toEqual(NOT_FOUND);
    expect(store.operations()).not.toContain('DeleteItem');
    expect(await isAlive(stranger.phone)).toBe(true);
  });

  test('a session that was ended already', async () => {
    const { phone, laptop } = await devices();
    expect(await end(phone.token, idOf(laptop))).toEqual(NO_CONTENT);
    expect(await end(phone.token, idOf(laptop))).toEqual(NOT_FOUND);
  });

  test('a session that a cutoff has ended, though its row is there', async () => {
    const { phone, laptop } = await devices();
    await revokeMany(store.direct, { session: phone.session, cutoff: undefined }, 'others');
    expect(await end(phone.token, idOf(laptop))).toEqual(NOT_FOUND);
    expect(store.operations()).not.toContain('DeleteItem');
  });

  test('the cutoff’s own row', async () => {
    const { phone } = await devices();
    await revokeMany(store.direct, { session: phone.session, cutoff: undefined }, 'others');
    expect(await end(phone.token, encode('#cutoff'))).toEqual(NOT_FOUND);
    expect(store.operations()).not.toContain('DeleteItem');
  });

  test('a session whose id is written another way', async () => {
    const { phone, laptop } = await devices();
    const id = idOf(laptop);
    for (const other of [`${id}=`, ` ${id}`, `${id}\n`, laptop.session.jti, `${id},${id}`])
      expect(await end(phone.token, other)).toEqual(NOT_FOUND);
    expect(await isAlive(laptop)).toBe(true);
  });

  test('no id at all', async () => {
    const { phone } = await devices();
    expect(await end(phone.token, '')).toEqual(NOT_FOUND);
    expect(await invoke(handler, eventV2({ ...END, token: phone.token }))).toEqual(NOT_FOUND);
  });

  test('any id that nobody gave out', async () => {
    const { phone, laptop } = await devices();
    const id = fc.oneof(
      fc.string({ unit: anyCharacter, maxLength: 50 }),
      fc.base64String({ maxLength: 50 }),
      fc.string({ unit: 'grapheme', maxLength: 50 }).map(encode),
      fc.uint8Array({ maxLength: 50 }).map((bytes) => Buffer.from(bytes).toString('base64url')),
      fc.constantFrom('a'.repeat(1_365), 'a'.repeat(1_366), 'a'.repeat(100_000)),
    );
    await fc.assert(
      fc.asyncProperty(id, async (any) => {
        expect(await end(phone.token, any)).toEqual(NOT_FOUND);
      }),
      { numRuns: 150, examples: [['..'], ['__proto__'], ['%00'], ['\ud800'], [encode('#')]] },
    );
    expect(store.operations()).not.toContain('DeleteItem');
    expect([await isAlive(phone), await isAlive(laptop)]).toEqual([true, true]);
  });

  test('all but one of those who end the same session at once', async () => {
    const { phone, laptop } = await devices();
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => end(phone.token, idOf(laptop))),
    );
    expect(answers.filter(({ statusCode }) => statusCode === 204)).toHaveLength(1);
    expect(answers.filter(({ statusCode }) => statusCode === 404)).toHaveLength(9);
  });
});

test('a dead token ends nothing, whosever the id is: 401', async () => {
  const { phone, laptop } = await devices();
  await endSession(store.direct, phone.session);
  for (const token of [phone.token, 'garbage'])
    for (const id of [idOf(laptop), 'garbage', ''])
      expect(await end(token, id)).toEqual(UNAUTHORIZED);
  expect(store.operations()).not.toContain('DeleteItem');
  expect(await isAlive(laptop)).toBe(true);
});
