import { setImmediate as settle } from 'node:timers/promises';
import { openSessionStore, type SessionStore } from '../../lib/aws/dynamodb.ts';

/** A store whose operations wait for their turn, so that a test decides the order of racing ones. */
export interface InterleavedStore {
  readonly store: SessionStore;
  /**
   * Runs tasks at once, their store operations one at a time.
   *
   * @param choices which of the waiting operations is next, modulo their number; 0 when they run out
   */
  race<Result>(
    tasks: readonly (() => Promise<Result>)[],
    choices: readonly number[],
  ): Promise<Result[]>;
}

/** Opens a table with a real client, on the endpoint that the SDK's variables name. */
export function openInterleavedStore(table: string): InterleavedStore {
  const store = openSessionStore(table);
  let waiting: (() => void)[] = [];
  let finish = () => {};
  // The way of `client.send` is the SDK's own; only the moment at which it starts is not.
  store.client.middlewareStack.add(
    (next) => async (operation) => {
      await new Promise<void>((start) => {
        waiting.push(start);
      });
      try {
        return await next(operation);
      } finally {
        finish();
      }
    },
    { step: 'initialize', priority: 'high', name: 'turn' },
  );
  return {
    store,
    race: async (tasks, choices) => {
      waiting = [];
      const left = [...choices];
      let running = tasks.length;
      const results = Promise.all(
        tasks.map((task) =>
          task().finally(() => {
            running -= 1;
          }),
        ),
      );
      // A task that fails ends the loop as well, and is reported by the last line.
      const failed = results.then(
        () => false,
        () => true,
      );
      for (;;) {
        await settle();
        if (running === 0) break;
        const [start] = waiting.splice((left.shift() ?? 0) % Math.max(waiting.length, 1), 1);
        if (!start) continue;
        const finished = new Promise<void>((resolve) => {
          finish = resolve;
        });
        start();
        await finished;
      }
      await failed;
      return results;
    },
  };
}
