/** examples/python/true_logout.py by the cases of the model test, mixed with the project's own code. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { refreshSession } from '../../../lib/login/issue.ts';
import { adoptedSessions } from '../../../lib/sessions/adopted.ts';
import { readCutoff, revokeMany } from '../../../lib/sessions/revoke-many.ts';
import { queryRows } from '../../../lib/sessions/rows.ts';
import { readSession } from '../../../lib/sessions/sessions.ts';
import { FAR_NOW_MS as NOW_MS } from '../../support/clock.ts';
import { codeBlocks } from '../../support/documents.ts';
import { eventV2 } from '../../support/events.ts';
import { type Functions, loadFunctions } from '../../support/functions.ts';
import { invoke } from '../../support/lambda.ts';
import { useLog } from '../../support/log.ts';
import { typescriptSessions } from '../../support/model-typescript.ts';
import { useProxiedStore } from '../../support/proxied-store.ts';
import {
  findPython,
  NO_PYTHON,
  type PythonExample,
  startPythonExample,
} from '../../support/python.ts';
import { expectModel, type Held, type Implementation } from '../../support/session-model.ts';
import { issueTestSession, signRaw, TEST_SECRET, testSigner } from '../../support/signing.ts';

jest.setTimeout(240_000);

const EXAMPLE = readFileSync('examples/python/true_logout.py', 'utf8');

describe('the example', () => {
  test('is less than 200 lines', () => {
    expect(EXAMPLE.trimEnd().split('\n').length).toBeLessThan(200);
  });

  test('begins with what the README shows, word for word', () => {
    const [code = '', ...others] = codeBlocks('README.md', 'python');
    expect(others).toEqual([]);
    expect(code).toContain('def log_in(');
    const [, body = ''] = EXAMPLE.split(/^"""[^"]*"""\n\n/);
    expect(body.slice(0, code.length)).toBe(code);
    expect(body.slice(code.length)).toMatch(/^\n\n\S/);
  });
});

const python = findPython();
const describeWithPython = python === undefined ? describe.skip : describe;

describeWithPython(
  python === undefined ? `the example in use (${NO_PYTHON})` : 'the example in use',
  () => {
    const store = useProxiedStore();
    useLog();
    let example: PythonExample;
    let functions: Functions;
    beforeAll(async () => {
      example = startPythonExample(python ?? '', store.proxied);
      functions = await loadFunctions({ JWT_SECRET: TEST_SECRET });
    });
    // A step of the model freezes the date.
    afterEach(() => {
      jest.useRealTimers();
    });
    afterAll(() => example.stop());

    const jtiOf = (token: unknown): string =>
      JSON.parse(Buffer.from(String(token).split('.')[1] ?? '', 'base64url').toString()).jti;

    async function logIn(sub: string): Promise<{ readonly token: string; readonly held: Held }> {
      const token = String(await example.callSigned('log_in', [sub]));
      return { token, held: { sub, jti: jtiOf(token) } };
    }
    const refresh = async (token: string) => {
      const refreshed = await example.callSigned('refresh', [token]);
      return refreshed === null ? null : String(refreshed);
    };
    const check = async (token: string) => (await example.callSigned('check', [token])) !== null;
    const me = async (token: string) => {
      const event = eventV2({ method: 'GET', path: '/api/v1/auth/me', token });
      return (await invoke(functions.me, event)).statusCode;
    };
    const logout = async (token: string) => {
      const event = eventV2({ method: 'POST', path: '/api/v1/auth/logout', token });
      expect((await invoke(functions.logout, event)).statusCode).toBe(200);
    };

    test.each([
      ['', {}],
      [', with limits', { limits: true }],
    ])('keeps the promise of the model beside the project’s own code%s', async (_, ageing) => {
      const own = typescriptSessions(store.direct);
      const sign = ({ sub, jti }: Held, nowMs: number) =>
        signRaw({ alg: 'HS256', typ: 'JWT' }, { sub, jti, exp: Math.floor(nowMs / 1_000) + 3_600 });
      const call = (name: string, held: Held, nowMs: number, ...args: unknown[]) =>
        example.callSigned(name, [sign(held, nowMs), ...args], nowMs);
      const inPython: Implementation = {
        ...own,
        logIn: async (sub, ttl, nowMs, max) =>
          jtiOf(
            max === undefined
              ? await example.callSigned('log_in', [sub, ttl], nowMs)
              : await example.callSigned('log_in_limited', [sub, max, ttl], nowMs),
          ),
        refresh: async (held, ttl, nowMs) => {
          const token = await call('refresh', held, nowMs, ttl);
          return token === null ? null : jtiOf(token);
        },
        check: async (held, nowMs) => (await call('check', held, nowMs)) !== null,
        logOut: async (held, nowMs) => {
          await call('log_out', held, nowMs);
        },
        endAll: async (sub, nowMs) => {
          await example.call('end_all', [sub], nowMs);
        },
      };
      await expectModel((by) => (by === 0 ? inPython : own), {
        startMs: NOW_MS,
        numRuns: 40,
        ...ageing,
      });
    });

    test('refreshes; a logout of the old token in TypeScript ends the successor', async () => {
      const { token, held } = await logIn(randomUUID());
      const { row } = await readSession(store.direct, held);
      const next = String(await refresh(token));
      expect([await me(token), await me(next), await check(next)]).toEqual([401, 200, true]);
      const family = { sid: held.jti, auth_time: row?.auth_time };
      expect(await queryRows(store.direct, held.sub)).toMatchObject([family, family]);
      await logout(token);
      expect([await me(next), await check(next)]).toEqual([401, false]);
      expect(await queryRows(store.direct, held.sub)).toEqual([]);
    });

    test('logs out along the marks of refreshes in TypeScript', async () => {
      const first = await issueTestSession(store.direct, { sub: randomUUID() });
      const second = await refreshSession(store.direct, testSigner, first.session, {
        ttlSeconds: 60,
      });
      const third = String(await refresh(second?.token ?? ''));
      expect(await me(third)).toBe(200);
      await example.callSigned('log_out', [first.token]);
      expect(await me(third)).toBe(401);
      expect(await queryRows(store.direct, first.session.sub)).toEqual([]);
    });

    test('gets the successor of a refresh in TypeScript, and the reverse', async () => {
      const one = await issueTestSession(store.direct, { sub: randomUUID() });
      const request = { ttlSeconds: 60 };
      const byTypescript = await refreshSession(store.direct, testSigner, one.session, request);
      expect(jtiOf(await refresh(one.token))).toBe(byTypescript?.session.jti);
      const other = await logIn(randomUUID());
      const byPython = await refresh(other.token);
      const again = await refreshSession(store.direct, testSigner, other.held, request);
      expect(again?.session.jti).toBe(jtiOf(byPython));
    });

    test('lets nobody in whose session was ended while sessions were adopted', async () => {
      const { token, held } = await logIn(randomUUID());
      const adoption = { maxAgeMs: 3_600_000, tokenIsSession: false };
      await adoptedSessions(store.direct, adoption).end({ ...held, expires_at: 0 });
      expect([await check(token), await refresh(token), await me(token)]).toEqual([
        false,
        null,
        401,
      ]);
    });

    test('ends all sessions beyond a cutoff that spares one, and a log-in after lives', async () => {
      const { token, held } = await logIn(randomUUID());
      const { row, cutoff } = await readSession(store.direct, held);
      if (!row) throw new Error('No session');
      await revokeMany(store.direct, { session: row, cutoff }, 'others', Date.now() + 3_600_000);
      expect(await check(token)).toBe(true);
      await example.call('end_all', [held.sub]);
      expect(await readCutoff(store.direct, held.sub)).toEqual({
        revoked_before: expect.any(Number),
      });
      expect([await me(token), await check(token)]).toEqual([401, false]);
      const after = await logIn(held.sub);
      expect([await me(after.token), await check(after.token)]).toEqual([200, true]);
    });

    test.each(['PutItem', 'UpdateItem'])(
      'loses no session with the answer to a %s',
      async (operation) => {
        const { token } = await logIn(randomUUID());
        await store.proxy.fault('reset-after-effect', { times: 1, operation });
        const next = String(await refresh(token));
        expect([await me(token), await me(next)]).toEqual([401, 200]);
        await store.proxy.clear();
      },
    );

    test.each(['unprocessed-keys', 'unprocessed-first-key', 'unprocessed-last-key'] as const)(
      'asks again for rows that were not read: %s',
      async (fault) => {
        const { token, held } = await logIn(randomUUID());
        await store.proxy.fault(fault, { times: 2, operation: 'BatchGetItem' });
        expect(await check(token)).toBe(true);
        await example.call('end_all', [held.sub]);
        await store.proxy.fault(fault, { times: 2, operation: 'BatchGetItem' });
        expect(await check(token)).toBe(false);
        await store.proxy.fault(fault, { operation: 'BatchGetItem' });
        await expect(check(token)).rejects.toThrow('TimeoutError');
      },
    );

    test.each([1, 2])('leaves %i of its sessions and the project’s own that race', async (max) => {
      const sub = randomUUID();
      const byTypescript = () => issueTestSession(store.direct, { sub, maxSessions: max });
      const byPython = () => example.callSigned('log_in_limited', [sub, max]);
      await Promise.allSettled([byPython(), byTypescript(), byPython(), byTypescript()]);
      expect(await queryRows(store.direct, sub)).toHaveLength(max);
    });

    test('never says that it has logged out where the store refuses', async () => {
      const { token } = await logIn(randomUUID());
      await store.proxy.fault('access-denied', {});
      await expect(example.callSigned('log_out', [token])).rejects.toThrow('AccessDenied');
      await expect(check(token)).rejects.toThrow('AccessDenied');
      await store.proxy.clear();
      expect(await me(token)).toBe(200);
    });

    const sign = (claims: Held, secret?: string) =>
      signRaw({ alg: 'HS256' }, { ...claims, exp: 9e9 }, secret);
    test.each<[string, (held: Held) => string]>([
      ['a forged token', (held) => sign(held, 'x'.repeat(40))],
      ['a token that names the cutoff', ({ sub }) => sign({ sub, jti: '#cutoff' })],
      ['a token that names a guest’s partition', ({ jti }) => sign({ sub: `#jti:${jti}`, jti })],
      ['no token', () => 'x'],
    ])('asks the store nothing for %s', async (_, make) => {
      const { token, held } = await logIn(randomUUID());
      await store.proxy.clear();
      await example.callSigned('log_out', [make(held)]);
      expect(await check(make(held))).toBe(false);
      expect(await refresh(make(held))).toBeNull();
      expect(store.operations()).toEqual([]);
      expect(await me(token)).toBe(200);
    });
  },
);
