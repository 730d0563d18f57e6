import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { LOGGED_OUT } from '../support/answers.ts';
import { isInTable } from '../support/error-table.ts';
import { type Devices, endpoints } from '../support/fault-matrix/endpoints.ts';
import { canMeet } from '../support/fault-matrix/evaluate.ts';
import { isWaitedFor, matrixFaults } from '../support/fault-matrix/faults.ts';
import { type FreshFunctions, functionStarter } from '../support/fault-matrix/process.ts';
import { askersOf, type Cell, runCell } from '../support/fault-matrix/run.ts';
import { openMatrixStore } from '../support/fault-matrix/store.ts';
import { captureLog } from '../support/log.ts';
import { TEST_SECRET } from '../support/signing.ts';
import type { TestStore } from '../support/store.ts';

/** Cells at a time: a cell that waits for a time-out costs nothing, the others a processor. */
const WAITING_AT_ONCE = 40;
const BUSY_AT_ONCE = 8;
const MATRIX_TIMEOUT_MS = 900_000;

const TABLE = matrixFaults.map((fault) => ({
  fault,
  columns: endpoints.filter((endpoint) => canMeet(endpoint, fault)),
}));

let store: TestStore;
let cells: readonly Cell[] = [];
/** The log's error lines. */
let errors: readonly Record<string, unknown>[] = [];

beforeAll(async () => {
  store = await openMatrixStore();
  const log = captureLog();
  try {
    const context = { store, start: await functionStarter() };
    const tasks = (waits: boolean) =>
      TABLE.filter(({ fault }) => isWaitedFor(fault) === waits).flatMap(({ fault, columns }) =>
        columns.map((endpoint) => () => runCell(context, fault, endpoint)),
      );
    // One after the other: the busy cells would eat up the time-outs of the waiting ones.
    cells = [
      ...(await inTurns(tasks(true), WAITING_AT_ONCE)),
      ...(await inTurns(tasks(false), BUSY_AT_ONCE)),
    ];
    errors = log.entries().filter(({ level }) => level === 'ERROR');
  } finally {
    log.stop();
  }
}, MATRIX_TIMEOUT_MS);

afterAll(() => store.close());

async function inTurns<Result>(
  tasks: readonly (() => Promise<Result>)[],
  atOnce: number,
): Promise<Result[]> {
  const results: Result[] = [];
  const left = tasks.entries();
  const worker = async () => {
    for (const [index, task] of left) results[index] = await task();
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return results;
}

/**
 * Every endpoint under every fault: no false success, no dead session let in, and a failure is the whole 500
 * payload, which only a function that Lambda has not ended can answer.
 */
describe.each(TABLE)('under $fault.name', ({ fault, columns }) => {
  test.each(columns)('$name: answers 500 or the truth, and lets no dead session in', (endpoint) => {
    const cell = cells.find((each) => each.fault === fault && each.endpoint === endpoint);
    expect(cell?.asks.map(({ asker }) => asker)).toEqual(askersOf(endpoint, fault));
    for (const { asker, answer, problems, secrets } of cell?.asks ?? []) {
      expect({ asker, answer: answer.text, problems }).toMatchObject({ problems: [] });
      if (answer.errorId === undefined) continue;
      const lines = errors.filter((line) => line.error_id === answer.errorId);
      expect(lines).toHaveLength(1);
      const [{ error_type, error } = {}] = lines;
      if (fault.cause) expect(`${error_type}: ${error}`).toMatch(fault.cause);
      const text = `${JSON.stringify(lines)} ${answer.text}`;
      for (const secret of [TEST_SECRET, 'too-short-but-secret', ...secrets])
        expect(text).not.toContain(secret);
    }
  });
});

test('no error is logged but for an answer', () => {
  const ids = cells.flatMap(({ asks }) => asks.flatMap(({ answer }) => answer.errorId ?? []));
  expect(errors.map(({ error_id }) => error_id).sort()).toEqual(ids.sort());
});

test('docs/operations.md has a row for every failure', () => {
  expect(errors.length).toBeGreaterThan(500);
  const other = errors
    .filter((line) => !isInTable(line))
    .map(({ error_type, error }) => `${error_type}: ${error}`);
  expect([...new Set(other)]).toEqual([]);
});

describe('a function that is wrong is found', () => {
  test.each([
    ['a logout that ends nothing', 'this', LOGGED_OUT, 'a false success: still alive: asker'],
    ['a check that fails open', 'me', undefined, 'fail-open: a dead session was let in'],
    ['a success under a fault that lasts', 'me', undefined, 'success, where nobody could know'],
    ['a bare 500', 'me', { statusCode: 500, body: '{}' }, 'an answer in no known form'],
  ])('%s', async (_, name, answer, problem) => {
    const fault = matrixFaults.find((each) => each.name === 'access-denied');
    const endpoint = endpoints.find((each) => each.name === name);
    if (!fault || !endpoint) throw new Error('no such cell');
    const event = (devices: Devices) => answer ?? endpoint.succeeded(devices);
    const wrong = async (answered: unknown) => answered;
    const functions: FreshFunctions = {
      logout: wrong,
      me: wrong,
      listSessions: wrong,
      deleteSession: wrong,
      authorizer: wrong,
      introspect: wrong,
      revoke: wrong,
      backchannelLogout: wrong,
      admin: wrong,
    };
    const { asks } = await runCell({ store, start: () => functions }, fault, {
      ...endpoint,
      event,
    });
    expect(asks.flatMap(({ problems }) => problems)).toContain(problem);
  });
});
