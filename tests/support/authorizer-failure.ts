import { inspect, types } from 'node:util';
import { expect } from '@jest/globals';
import type { CapturedLog } from './log.ts';

const MESSAGE =
  /^Internal Server Error, see the log for error id ([0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})$/;

/**
 * Expects an authorizer to fail with an error id and nothing else, as Lambda's runtime logs all that an
 * error has, and to have written the one log line behind it.
 *
 * @param secrets what neither the error nor the log may hold
 * @returns the log line
 */
export async function expectAuthorizerFailure(
  answer: Promise<unknown>,
  log: CapturedLog,
  secrets: readonly string[],
): Promise<Record<string, unknown>> {
  const error = await answer.then(
    (allowed) => {
      throw new Error(`answered ${JSON.stringify(allowed)}`);
    },
    (thrown: unknown) => thrown,
  );
  // A bundled function's errors are of another realm.
  if (!types.isNativeError(error)) throw new Error('threw something else than an Error');
  expect(error.message).toMatch(MESSAGE);
  expect(Object.getOwnPropertyNames(error).sort()).toEqual(['message', 'stack']);
  const [, errorId] = MESSAGE.exec(error.message) ?? [];
  const lines = log.entries().filter(({ level }) => level === 'ERROR');
  expect(lines).toMatchObject([{ error_id: errorId, message: 'error' }]);
  const text = [inspect(error), ...log.lines()].join('\n');
  for (const secret of secrets) expect(text).not.toContain(secret);
  return lines[0] ?? {};
}
