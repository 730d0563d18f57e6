import { randomUUID } from 'node:crypto';
import { expect } from '@jest/globals';
import fc from 'fast-check';

/** A session as a client holds it. */
export interface Held {
  readonly sub: string;
  readonly jti: string;
}

/** One implementation of the sessions, under test. All times are epoch milliseconds. */
export interface Implementation {
  /**
   * @param maxSessions the oldest of more end
   * @returns the new `jti`
   */
  logIn(sub: string, ttlSeconds: number, nowMs: number, maxSessions?: number): Promise<string>;
  /** @returns the `jti` of the successor, or null */
  refresh(held: Held, ttlSeconds: number, nowMs: number): Promise<string | null>;
  /** Counts as a use. */
  check(held: Held, nowMs: number): Promise<boolean>;
  /** The written last use of an active session. */
  lastSeen(held: Held): Promise<number | undefined>;
  logOut(held: Held, nowMs: number): Promise<void>;
  /** @returns null where the caller's session is over, as an unauthorized request */
  endMany(held: Held, scope: 'others' | 'everywhere', nowMs: number): Promise<boolean>;
  /** @returns whether an active session was ended */
  endOne(held: Held, nowMs: number): Promise<boolean>;
  endAll(sub: string, nowMs: number): Promise<void>;
  /** @returns `revoked_before` of the user's cutoff */
  cutoff(sub: string): Promise<number>;
  /**
   * A logout token of an identity provider, without `sid` for all sessions; no session has an `idp_sid`.
   *
   * @returns the `jti` of the logout token that the user's cutoff remembers
   */
  endByProvider?(by: ProviderLogout, nowMs: number): Promise<string | undefined>;
  /** Deletes expired rows, as TTL does some time. */
  deleteExpired(sub: string, nowMs: number): Promise<void>;
}

/** A logout token. */
export interface ProviderLogout {
  readonly sub: string;
  readonly sid: string | undefined;
  readonly jti: string;
}

/** Reuse interval of every implementation. */
const REUSE_MS = 10_000;

/** How sessions age in a run. */
interface Ageing {
  /** Idle time-out of every implementation, in milliseconds. */
  readonly idleMs?: number;
  /** Some log-ins have a limit. */
  readonly limits?: boolean;
}

interface Token {
  readonly sid: string;
  /** Last use that was written. */
  seenMs: number;
  readonly expiresMs: number;
  /** When TTL may delete the row; a mark lives as long as the successor. */
  rowExpiresMs: number;
  deleted?: boolean;
  successor?: { readonly jti: string; readonly untilMs: number };
}

/**
 * The promise in few lines: who is in, by token family. A family is over for ever once it is ended;
 * clocks matter for the end of life and for the reuse interval only.
 */
class Model {
  readonly tokens = new Map<string, Token>();
  /** When each family began by its login service's clock: a clock ahead outlives a caller's cutoff. */
  readonly families = new Map<string, number>();
  cutoffMs = Number.NEGATIVE_INFINITY;
  /** The logout token that ends nothing when it comes again. */
  logoutJti: string | undefined;
  readonly #idleMs: number;

  constructor(idleMs = Number.POSITIVE_INFINITY) {
    this.#idleMs = idleMs;
  }
  isActive(jti: string, nowMs: number): boolean {
    const token = this.tokens.get(jti);
    return (
      token !== undefined &&
      this.families.has(token.sid) &&
      token.successor === undefined &&
      token.expiresMs > nowMs &&
      nowMs - token.seenMs <= this.#idleMs
    );
  }
  /** Writes a use, unless the last one was less than a tenth of the time-out ago. */
  use(jti: string, nowMs: number) {
    const token = this.tokens.get(jti);
    if (token && nowMs - token.seenMs >= this.#idleMs / 10) token.seenMs = nowMs;
  }
  begin(jti: string, expiresMs: number, nowMs: number, maxSessions?: number) {
    const others = maxSessions === undefined ? [] : this.#activeFamilies(nowMs);
    const newest = Math.max(this.cutoffMs, ...others.map(([, begunMs]) => begunMs));
    this.families.set(jti, Math.max(nowMs, newest + 1));
    const life = { expiresMs, rowExpiresMs: expiresMs, seenMs: nowMs };
    this.tokens.set(jti, { sid: jti, ...life });
    if (maxSessions === undefined) return;
    const ranked = others.sort(
      ([sid, begunMs], [other, otherMs]) => otherMs - begunMs || (sid < other ? -1 : 1),
    );
    for (const [sid] of ranked.slice(maxSessions - 1)) this.families.delete(sid);
  }
  #activeFamilies(nowMs: number) {
    const active = [...this.tokens].filter(([jti]) => this.isActive(jti, nowMs));
    const sids = new Set(active.map(([, { sid }]) => sid));
    return [...this.families].filter(([sid]) => sids.has(sid));
  }
  /** When the families began whose rows TTL has left. */
  begunOfRows(): readonly number[] {
    const sids = [...this.tokens.values()].flatMap(({ sid, deleted }) => (deleted ? [] : sid));
    return [...this.families].flatMap(([sid, begunMs]) => (sids.includes(sid) ? begunMs : []));
  }
  /** The last successor of a token; undefined where TTL has deleted a mark on the way. */
  current(jti: string): string | undefined {
    const token = this.tokens.get(jti);
    if (!token || token.deleted) return undefined;
    return token.successor ? this.current(token.successor.jti) : jti;
  }
  deleteExpired(nowMs: number) {
    for (const token of this.tokens.values()) token.deleted ||= token.rowExpiresMs <= nowMs;
  }
  end(jti: string) {
    this.families.delete(this.tokens.get(jti)?.sid ?? '');
  }
  endMany(untilMs: number, spared?: string) {
    this.cutoffMs = Math.max(untilMs, this.cutoffMs + 1);
    for (const [sid, begunMs] of [...this.families])
      if (begunMs <= this.cutoffMs && sid !== spared) this.families.delete(sid);
  }
}

/** The clock, and every token that was ever handed out: dead tokens are tried again as well. */
interface Run {
  readonly sub: string;
  readonly tokens: string[];
  nowMs: number;
}

type Step = fc.AsyncCommand<Model, Run>;

/** Picks the implementation of a step. */
export type Pick = (choice: number) => Implementation;

/** Fails where one of the implementations breaks the model's promise, in a random order of steps. */
export async function expectModel(
  pick: Pick,
  { startMs, numRuns, ...ageing }: Ageing & { readonly startMs: number; readonly numRuns: number },
): Promise<void> {
  await fc.assert(
    fc.asyncProperty(
      fc.commands(stepsOf(pick, ageing), { maxCommands: 40, size: 'max' }),
      async (commands) => {
        const model = new Model(ageing.idleMs);
        const run: Run = { sub: randomUUID(), tokens: [], nowMs: startMs };
        await fc.asyncModelRun(() => ({ model, real: run }), commands);
        for (const jti of run.tokens)
          expect(await pick(0).check({ sub: run.sub, jti }, run.nowMs)).toBe(
            model.isActive(jti, run.nowMs),
          );
      },
    ),
    { numRuns },
  );
}

function stepsOf(pick: Pick, { idleMs, limits = false }: Ageing): fc.Arbitrary<Step>[] {
  const which = fc.nat({ max: 20 });
  const life = fc.integer({ min: 1, max: 30 });
  const side = fc.nat({ max: 1 });
  const isAgeing = limits || idleMs !== undefined;
  // A limit counts what the clock of the log-in finds: further apart, a row of the one is unreadable to the other.
  const ahead = isAgeing
    ? fc.constantFrom(-1_000, -50, 0, 0, 0, 50, 1_000, 200_000)
    : fc.constantFrom(-3_600_000, -50, 0, 0, 50, 1_000, 300_000);
  const limit = limits ? fc.constantFrom(undefined, 1, 2, 3) : fc.constant(undefined);
  /** Clocks of functions that check step, forward and back. */
  const stepped = isAgeing ? fc.constantFrom(-1_000, 0, 50, 300, 1_000) : fc.constant(0);
  const step = (label: string, run: Step['run']): Step => ({
    check: () => true,
    run,
    toString: () => label,
  });
  /** A step on one of the tokens so far, dead or alive. */
  const stepOn = (
    label: string,
    index: number,
    run: (model: Model, state: Run, held: Held) => Promise<void>,
  ): Step =>
    step(`${label}(${index})`, async (model, state) => {
      const jti = state.tokens[index % Math.max(state.tokens.length, 1)];
      if (jti !== undefined) await run(model, state, { sub: state.sub, jti });
    });

  const logIn = fc.tuple(side, life, ahead, limit).map(([by, ttl, aheadMs, max]) =>
    step(`logIn(by ${by}, ${ttl} s, ${aheadMs} ms ahead, at most ${max})`, async (model, state) => {
      const clockMs = state.nowMs + aheadMs;
      // A limit keeps no session that is expired by the clock of its own log-in.
      const ttlSeconds = max === undefined ? ttl - Math.trunc(aheadMs / 1_000) : ttl;
      const jti = await pick(by).logIn(state.sub, ttlSeconds, clockMs, max);
      state.tokens.push(jti);
      model.begin(jti, (Math.floor(clockMs / 1_000) + ttlSeconds) * 1_000, clockMs, max);
    }),
  );

  const refresh = fc.tuple(side, which, life).map(([by, index, ttl]) =>
    stepOn(`refresh by ${by}`, index, async (model, state, held) => {
      const { nowMs } = state;
      const old = model.tokens.get(held.jti);
      const jti = await pick(by).refresh(held, ttl, nowMs);
      const reused = old?.successor;
      if (reused) {
        const reusable = nowMs < reused.untilMs && model.isActive(reused.jti, nowMs);
        expect(jti).toBe(reusable ? reused.jti : null);
      } else if (!old || !model.isActive(held.jti, nowMs)) {
        expect(jti).toBeNull();
      } else {
        if (jti === null) throw new Error('An active session was not refreshed');
        expect(state.tokens).not.toContain(jti);
        state.tokens.push(jti);
        const expiresMs = (Math.floor(nowMs / 1_000) + ttl) * 1_000;
        old.successor = { jti, untilMs: nowMs + REUSE_MS };
        old.rowExpiresMs = Math.max(old.rowExpiresMs, expiresMs);
        // A refresh is no use.
        const { sid, seenMs } = old;
        model.tokens.set(jti, { sid, seenMs, expiresMs, rowExpiresMs: expiresMs });
      }
    }),
  );

  const check = fc.tuple(side, which, stepped).map(([by, index, aheadMs]) =>
    stepOn(`check by ${by}, ${aheadMs} ms ahead`, index, async (model, { nowMs }, held) => {
      const clockMs = nowMs + aheadMs;
      const isActive = model.isActive(held.jti, clockMs);
      expect(await pick(by).check(held, clockMs)).toBe(isActive);
      if (!isActive) return;
      model.use(held.jti, clockMs);
      if (idleMs !== undefined)
        expect(await pick(by).lastSeen(held)).toBe(model.tokens.get(held.jti)?.seenMs);
    }),
  );

  const logOut = fc.tuple(side, which).map(([by, index]) =>
    stepOn(`logOut by ${by}`, index, async (model, { nowMs }, held) => {
      await pick(by).logOut(held, nowMs);
      // A token names its session until the successors that it leads to have expired.
      if (model.current(held.jti) !== undefined) model.end(held.jti);
    }),
  );

  const endOne = fc.tuple(side, which).map(([by, index]) =>
    stepOn(`endOne by ${by}`, index, async (model, { nowMs }, held) => {
      const current = model.current(held.jti);
      const active = current !== undefined && model.isActive(current, nowMs);
      expect(await pick(by).endOne(held, nowMs)).toBe(active);
      if (active) model.end(held.jti);
    }),
  );

  const endMany = fc
    .tuple(side, which, fc.constantFrom('others' as const, 'everywhere' as const))
    .map(([by, index, scope]) =>
      stepOn(`${scope} by ${by}`, index, async (model, { nowMs }, held) => {
        const token = model.tokens.get(held.jti);
        const active = model.isActive(held.jti, nowMs);
        expect(await pick(by).endMany(held, scope, nowMs)).toBe(active);
        if (!token || !active) return;
        const begunMs = model.families.get(token.sid) ?? 0;
        model.endMany(Math.max(nowMs, begunMs), scope === 'others' ? token.sid : undefined);
      }),
    );

  const endAll = side.map((by) =>
    step(`endAll by ${by}`, async (model, { sub, nowMs }) => {
      await pick(by).endAll(sub, nowMs);
      // Rows of sessions that are over count as well: the cutoff may be beyond the active ones.
      const written = await pick(by).cutoff(sub);
      expect(written).toBeGreaterThanOrEqual(
        Math.max(nowMs, model.cutoffMs + 1, ...model.begunOfRows()),
      );
      model.endMany(written);
    }),
  );

  const endByProvider = fc.tuple(side, fc.boolean(), fc.nat({ max: 1 })).map(([by, isOne, token]) =>
    step(`endByProvider by ${by}, token ${token}, sid ${isOne}`, async (model, state) => {
      const { sub, nowMs } = state;
      const implementation = pick(by);
      if (!implementation.endByProvider) return;
      const [jti, sid] = [`logout-${token}`, isOne ? 'op-session' : undefined];
      const isRepeated = model.logoutJti === jti;
      const remembered = await implementation.endByProvider({ sub, sid, jti }, nowMs);
      if (!isOne || model.families.size > 0) expect([jti, model.logoutJti]).toContain(remembered);
      if (!isOne) expect(remembered).toBe(jti);
      model.logoutJti = remembered;
      if (isRepeated) return;
      if (isOne) model.families.clear();
      else model.endMany(await implementation.cutoff(sub));
    }),
  );

  const deleteExpired = fc.constant(
    step('deleteExpired', async (model, { sub, nowMs }) => {
      await pick(0).deleteExpired(sub, nowMs);
      model.deleteExpired(nowMs);
    }),
  );

  const clock = fc.constantFrom(0, 1, 1, 500, 2_000, 9_999, 10_000).map((ms) =>
    step(`clock(${ms} ms)`, async (_, state) => {
      state.nowMs += ms;
    }),
  );
  return [
    logIn,
    logIn,
    refresh,
    refresh,
    check,
    ...(isAgeing ? [check, check, check] : []),
    logOut,
    endOne,
    endMany,
    endAll,
    endByProvider,
    deleteExpired,
    clock,
  ];
}
