import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate as settle } from 'node:timers/promises';
import { afterAll, beforeAll } from '@jest/globals';
import { openSessionStore, type SessionStore } from '../../lib/aws/dynamodb.ts';
import { late } from './late.ts';
import { type TestStore, useTestStore } from './store.ts';

/** Picks one of a number of options, by index. */
export type Choose = (options: number) => number;

/** How a task of a race ended. */
export type Outcome<Result> =
  | { readonly status: 'answered'; readonly value: Result; readonly after: readonly number[] }
  | { readonly status: 'failed'; readonly error: unknown; readonly after: readonly number[] }
  | { readonly status: 'died'; readonly after: readonly number[] };

/** A store whose operations wait for their turn, so that a test decides the order of racing ones. */
export interface InterleavedStore {
  readonly store: SessionStore;
  /**
   * Runs tasks at once, their store operations one at a time, in the order that `choose` decides.
   *
   * With a fault, `choose` may also decide once that a write is applied and its answer lost, so that
   * the SDK's retry meets the effect of the first attempt; or that the task's process dies after the
   * write.
   *
   * @returns the outcome of each task; `after` lists the tasks that had answered before its first
   *   operation
   */
  schedule<Result>(
    tasks: readonly (() => Promise<Result>)[],
    choose: Choose,
    fault?: boolean,
  ): Promise<Outcome<Result>[]>;
  /** The operations of the last race, in order: `task:command`, and the fault. */
  readonly trace: readonly string[];
}

type Turn = 'run' | 'lose' | 'die';

interface Waiting {
  readonly task: number;
  readonly command: string;
  readonly start: (turn: Turn) => void;
}

/** Opens a table with a real client, on the endpoint that the SDK's variables name. */
export function openInterleavedStore(table: string): InterleavedStore {
  const store = openSessionStore(table);
  const current = new AsyncLocalStorage<number>();
  const trace: string[] = [];
  let waiting: Waiting[] = [];
  let finish: () => void = () => {};
  let die: (task: number) => void = () => {};

  const turnOf = (task: number, command: string) =>
    new Promise<Turn>((start) => waiting.push({ task, command, start }));
  // The way of `client.send` is the SDK's own; only the moment at which it starts is not.
  store.client.middlewareStack.add(
    (next, { commandName = '' }) =>
      async (operation) => {
        const task = current.getStore() ?? -1;
        const command = commandName.replace(/Command$/, '');
        let turn = await turnOf(task, command);
        try {
          if (turn === 'lose') {
            await next(operation).catch(() => {});
            finish();
            turn = await turnOf(task, command);
          }
          const answer = await next(operation);
          if (turn !== 'die') return answer;
          die(task);
          return await new Promise<never>(() => {});
        } finally {
          finish();
        }
      },
    { step: 'initialize', priority: 'high', name: 'turn' },
  );

  async function schedule<Result>(
    tasks: readonly (() => Promise<Result>)[],
    choose: Choose,
    fault = false,
  ): Promise<Outcome<Result>[]> {
    waiting = [];
    trace.length = 0;
    const outcomes: Outcome<Result>[] = [];
    const begun = new Map<number, readonly number[]>();
    const answered: number[] = [];
    let running = tasks.length;
    let faults = fault ? 1 : 0;
    const settleAs = (task: number, outcome: object) => {
      outcomes[task] = { ...outcome, after: begun.get(task) ?? [...answered] } as Outcome<Result>;
      if (outcomes[task]?.status === 'answered') answered.push(task);
      running -= 1;
    };
    die = (task) => {
      settleAs(task, { status: 'died' });
      finish();
    };
    tasks.forEach((task, index) => {
      void current.run(index, task).then(
        (value) => settleAs(index, { status: 'answered', value }),
        (error: unknown) => settleAs(index, { status: 'failed', error }),
      );
    });
    for (;;) {
      // Every task waits for a turn or has ended: so the same choices give the same race.
      while (waiting.length < running) await settle();
      if (running === 0) return outcomes;
      waiting.sort((one, other) => one.task - other.task);
      const options = waiting.flatMap((each) =>
        (faults > 0 && !READS.has(each.command) ? TURNS : (['run'] as const)).map(
          (turn) => [each, turn] as const,
        ),
      );
      const chosen = options[options.length === 1 ? 0 : choose(options.length)];
      if (!chosen) throw new Error('The choice is not among the options');
      const [operation, turn] = chosen;
      if (turn !== 'run') faults -= 1;
      waiting = waiting.filter((each) => each !== operation);
      if (!begun.has(operation.task)) begun.set(operation.task, [...answered]);
      trace.push(`${operation.task}:${operation.command}${turn === 'run' ? '' : ` (${turn})`}`);
      const finished = new Promise<void>((resolve) => {
        finish = resolve;
      });
      operation.start(turn);
      await finished;
    }
  }

  return { store, trace, schedule };
}

/** Registers an interleaved store for all tests of a file, and the test store behind it. */
export function useInterleavedStore(): {
  readonly interleaved: InterleavedStore;
  readonly direct: TestStore;
} {
  const direct = useTestStore();
  let interleaved: InterleavedStore;
  beforeAll(() => {
    interleaved = openInterleavedStore(direct.table);
  });
  afterAll(() => interleaved.store.client.destroy());
  return { interleaved: late(() => interleaved), direct };
}

/** A lost answer to a read, or a death after a read, changes no more than the order does. */
const READS: ReadonlySet<string> = new Set(['BatchGetItem', 'GetItem', 'Query']);
const TURNS: readonly Turn[] = ['run', 'lose', 'die'];

/**
 * Runs a test under every sequence of choices, depth first.
 *
 * @returns the number of runs
 */
export async function exploreAll(run: (choose: Choose) => Promise<void>): Promise<number> {
  const path: { choice: number; readonly options: number }[] = [];
  for (let runs = 1; ; runs += 1) {
    let depth = 0;
    await run((options) => {
      path[depth] ??= { choice: 0, options };
      const node = path[depth];
      depth += 1;
      if (node?.options !== options) throw new Error('The same choices gave another race');
      return node.choice;
    });
    path.length = depth;
    while ((path.at(-1)?.choice ?? 0) + 1 === path.at(-1)?.options) path.pop();
    const last = path.at(-1);
    if (!last) return runs;
    last.choice += 1;
  }
}

/** Runs a test under a number of random sequences of choices, the same ones each time. */
export async function exploreSome(
  runs: number,
  run: (choose: Choose) => Promise<void>,
): Promise<number> {
  let state = 1;
  // Park and Miller's minimal standard generator.
  const choose: Choose = (options) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % options;
  };
  for (let done = 0; done < runs; done += 1) await run(choose);
  return runs;
}
