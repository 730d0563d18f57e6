import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createSession, rotateSession } from '../../../lib/login/create-session.ts';
import type { Cursor } from '../../../lib/sessions/cursor.ts';
import { deleteRevoked } from '../../../lib/sessions/delete-revoked.ts';
import { listSessions } from '../../../lib/sessions/list.ts';
import type { RevokeScope } from '../../../lib/sessions/revoke-many.ts';
import { revokeMany } from '../../../lib/sessions/revoke-many.ts';
import type { Session } from '../../../lib/sessions/session.ts';
import { endSession, findSession } from '../../../lib/sessions/sessions.ts';
import { openTestStore, type TestStore } from '../../support/store.ts';

let store: TestStore;
beforeAll(async () => {
  store = await openTestStore();
});
afterAll(() => store.close());

/** The whole promise in ten lines: who is in, and until when nobody else of the past may come in. */
class Model {
  readonly in = new Map<string, Session>();
  closedUntil = Number.NEGATIVE_INFINITY;
  isLive = (jti: string, nowMs: number) => (this.in.get(jti)?.expires_at ?? 0) * 1_000 > nowMs;
  begin(session: Session) {
    if (session.auth_time > this.closedUntil) this.in.set(session.jti, session);
  }
  endMany(caller: Session, scope: RevokeScope, nowMs: number) {
    this.closedUntil = Math.max(this.closedUntil, nowMs, caller.auth_time);
    for (const { jti, sid, auth_time } of [...this.in.values()])
      if (auth_time <= this.closedUntil && !(scope === 'others' && sid === caller.sid))
        this.in.delete(jti);
  }
}

/** The clock, and every name that was ever given out: dead tokens are tried again as well. */
interface Run {
  readonly sub: string;
  readonly names: string[];
  nowMs: number;
}

type Step = fc.AsyncCommand<Model, Run>;

/** A step on one of the sessions so far, dead or alive. */
function stepOn(
  label: string,
  pick: number,
  run: (model: Model, run: Run, jti: string) => Promise<void>,
): Step {
  return {
    check: () => true,
    run: async (model, state) => {
      const jti = state.names[pick % Math.max(state.names.length, 1)];
      if (jti !== undefined) await run(model, state, jti);
    },
    toString: () => `${label}(${pick})`,
  };
}

function create(aheadMs: number, ttlSeconds: number): Step {
  return {
    check: () => true,
    run: async (model, { sub, names, nowMs }) => {
      const jti = `s${names.length}`;
      const auth_time = nowMs + aheadMs;
      const expires_at = Math.floor(auth_time / 1_000) + ttlSeconds;
      const session = { sub, jti, sid: jti, auth_time, expires_at };
      names.push(jti);
      model.begin(session);
      expect(await createSession(store, session)).toBe(true);
    },
    toString: () => `create(${aheadMs} ms ahead, ${ttlSeconds} s)`,
  };
}

const rotate = (pick: number, ttlSeconds: number) =>
  stepOn('rotate', pick, async (model, { sub, names, nowMs }, jti) => {
    const old = model.in.get(jti);
    const next = `s${names.length}`;
    const expires_at = Math.floor(nowMs / 1_000) + ttlSeconds;
    const rotated = await rotateSession(store, { sub, jti }, { jti: next, expires_at }, nowMs);
    if (!old || !model.isLive(jti, nowMs)) {
      expect(rotated).toBeNull();
      return;
    }
    expect(rotated).toEqual({ ...old, jti: next, expires_at });
    names.push(next);
    model.in.delete(jti);
    model.in.set(next, { ...old, jti: next, expires_at });
  });

const endMany = (scope: RevokeScope, pick: number, sweeps: boolean) =>
  stepOn(`${scope}${sweeps ? ' and sweep' : ''}`, pick, async (model, { sub, nowMs }, jti) => {
    const caller = await findSession(store, { sub, jti }, nowMs);
    expect(caller !== null).toBe(model.isLive(jti, nowMs));
    if (!caller) return;
    model.endMany(caller, scope, nowMs);
    const cutoff = await revokeMany(store, { session: caller, cutoff: undefined }, scope, nowMs);
    if (!cutoff) throw new Error('A live caller was refused');
    if (sweeps) await deleteRevoked(store, sub, cutoff);
  });

const end = (pick: number) =>
  stepOn('end', pick, async (model, { sub }, jti) => {
    model.in.delete(jti);
    await endSession(store, { sub, jti });
  });

const check = (pick: number) =>
  stepOn('check', pick, async (model, { sub, nowMs }, jti) => {
    const found = await findSession(store, { sub, jti }, nowMs);
    expect(found).toEqual(model.isLive(jti, nowMs) ? model.in.get(jti) : null);
  });

function list(limit: number): Step {
  return {
    check: () => true,
    run: (model, state) => expectList(model, state, limit),
    toString: () => `list(${limit} a page)`,
  };
}

async function expectList(model: Model, { sub, nowMs }: Run, limit: number): Promise<void> {
  const seen: Session[] = [];
  let after: Cursor | undefined;
  do {
    const page = await listSessions(store, sub, { limit, after }, nowMs);
    seen.push(...page.sessions);
    after = page.next ?? undefined;
  } while (after);
  const live = [...model.in.values()].filter(({ jti }) => model.isLive(jti, nowMs));
  expect(seen).toHaveLength(live.length);
  expect(new Map(seen.map((session) => [session.jti, session]))).toEqual(
    new Map(live.map((session) => [session.jti, session])),
  );
  const times = seen.map(({ auth_time }) => auth_time);
  expect(times).toEqual(times.toSorted((one, other) => other - one));
}

const step = (ms: number): Step => ({
  check: () => true,
  run: async (_, state) => {
    state.nowMs += ms;
  },
  toString: () => `clock(${ms} ms)`,
});

const pick = fc.nat({ max: 20 });
/** Lives and steps are of one size, so that sessions also expire, and clocks also meet exactly. */
const steps = [
  fc
    .tuple(fc.constantFrom(0, 0, 1, 2_000), fc.integer({ min: 1, max: 9 }))
    .map((a) => create(...a)),
  fc.tuple(pick, fc.integer({ min: 1, max: 9 })).map((a) => rotate(...a)),
  pick.map(check),
  pick.map(end),
  fc
    .tuple(fc.constantFrom<RevokeScope>('others', 'everywhere'), pick, fc.boolean())
    .map((a) => endMany(...a)),
  fc.integer({ min: 1, max: 4 }).map(list),
  fc.constantFrom(0, 1, 1, 500, 2_000, -1, -1_500).map(step),
];

test('the store keeps the promise of the model, whatever is done in whatever order', async () => {
  const bystander = { sub: randomUUID(), jti: 'b', sid: 'b', auth_time: 1, expires_at: 2e9 };
  await createSession(store, bystander);
  await fc.assert(
    fc.asyncProperty(fc.commands(steps, { maxCommands: 40 }), async (commands) => {
      const model = new Model();
      const run: Run = { sub: randomUUID(), names: [], nowMs: 1_767_225_600_000 };
      await fc.asyncModelRun(() => ({ model, real: run }), commands);
      for (const jti of run.names)
        expect((await findSession(store, { sub: run.sub, jti }, run.nowMs)) !== null).toBe(
          model.isLive(jti, run.nowMs),
        );
      await expectList(model, run, 3);
    }),
    { numRuns: 60 },
  );
  expect(await findSession(store, bystander, 1_767_225_600_000)).toEqual(bystander);
}, 120_000);
