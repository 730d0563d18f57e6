/** Every endpoint under every fault with FAULT_MATRIX=all, a sample otherwise. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { LOGGED_OUT } from '../support/answers.ts';
import { isInTable } from '../support/error-table.ts';
import { type Devices, endpoints } from '../support/fault-matrix/endpoints.ts';
import { matrixFaults } from '../support/fault-matrix/faults.ts';
import { type FreshFunctions, functionStarter } from '../support/fault-matrix/process.ts';
import { type Ask, askersOf, type Cell, runCells } from '../support/fault-matrix/run.ts';
import { allCells, sampleCells } from '../support/fault-matrix/sample.ts';
import { openMatrixStore } from '../support/fault-matrix/store.ts';
import { captureLog } from '../support/log.ts';
import { TEST_SECRET } from '../support/signing.ts';
import type { TestStore } from '../support/store.ts';

const MATRIX_TIMEOUT_MS = 900_000;

const cells = process.env.FAULT_MATRIX === 'all' ? allCells : sampleCells();

let store: TestStore;
let asks: ReadonlyMap<Cell, readonly Ask[]> = new Map();
/** The log's error lines. */
let errors: readonly Record<string, unknown>[] = [];

beforeAll(async () => {
  store = await openMatrixStore();
  const log = captureLog();
  try {
    asks = await runCells({ store, start: await functionStarter() }, cells);
    errors = log.entries().filter(({ level }) => level === 'ERROR');
  } finally {
    log.stop();
  }
}, MATRIX_TIMEOUT_MS);

afterAll(() => store.close());

/**
 * Every endpoint under every fault: no false success, no dead session let in, and a failure is the whole 500
 * payload, which only a function that Lambda has not ended can answer.
 */
describe.each(matrixFaults)('under $name', (fault) => {
  const columns = cells
    .filter((cell) => cell.fault === fault)
    .map((cell) => ({ name: cell.endpoint.name, cell }));
  test.each(columns)('$name: answers 500 or the truth, and lets no dead session in', ({ cell }) => {
    const asked = asks.get(cell) ?? [];
    expect(asked.map(({ asker }) => asker)).toEqual(askersOf(cell.endpoint, fault));
    for (const { asker, answer, problems, secrets } of asked) {
      expect({ asker, answer: answer.text, problems }).toMatchObject({ problems: [] });
      if (answer.errorId === undefined) continue;
      const lines = errors.filter((line) => line.error_id === answer.errorId);
      expect(lines).toHaveLength(1);
      const [{ error_type, error } = {}] = lines;
      if (fault.cause) expect(`${error_type}: ${error}`).toMatch(fault.cause);
      const text = `${JSON.stringify(lines)} ${answer.text}`;
      const known = [TEST_SECRET, 'too-short-but-secret', ...secrets];
      expect(known.filter((secret) => text.includes(secret))).toEqual([]);
    }
  });
});

if (cells.length < allCells.length)
  test.skip(`${allCells.length - cells.length} more endpoints under a fault (FAULT_MATRIX=all npm test)`, () => {});

test('every fault that lasts is logged, and no error but for an answer', () => {
  const failures = [...asks].flatMap(([{ fault }, asked]) =>
    asked.flatMap(({ answer: { errorId } }) => (errorId === undefined ? [] : { fault, errorId })),
  );
  expect(new Set(failures.map(({ fault }) => fault))).toEqual(
    new Set(matrixFaults.filter(({ expected }) => expected === 'failed')),
  );
  const ids = failures.map(({ errorId }) => errorId);
  expect(errors.map(({ error_id }) => error_id).sort()).toEqual(ids.sort());
});

test('docs/operations.md has a row for every failure', () => {
  const kinds = new Map(errors.map((line) => [`${line.error_type}: ${line.error}`, line] as const));
  expect([...kinds].filter(([, line]) => !isInTable(line)).map(([kind]) => kind)).toEqual([]);
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
    const cell = { fault, endpoint: { ...endpoint, event } };
    const wrongly = await runCells({ store, start: () => functions }, [cell]);
    expect(wrongly.get(cell)?.flatMap(({ problems }) => problems)).toContain(problem);
  });
});
