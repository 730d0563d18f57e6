import type { ChildProcess } from 'node:child_process';
import { type EventEmitter, once } from 'node:events';

/**
 * Waits for the next event of a child, or of something that reads its output.
 *
 * @returns what the event carries first
 * @throws Error when the child ends instead
 */
export async function nextEvent<Value>(
  child: ChildProcess,
  event: 'message' | 'line',
  emitter: EventEmitter = child,
): Promise<Value> {
  const decided = new AbortController();
  const { signal } = decided;
  const ended = async () => {
    const [code, killedBy] = await once(child, 'exit', { signal });
    throw new Error(`${child.spawnargs.join(' ')} ended early (${killedBy ?? code})`);
  };
  try {
    const [value] = await Promise.race([once(emitter, event, { signal }), ended()]);
    return value;
  } finally {
    decided.abort();
  }
}

/** Ends a child and waits until it is gone. */
export async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill();
  await exit;
}
