import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { askersOf, type Cell, canMeet, runCell } from '../support/fault-matrix.ts';
import { type MatrixFault, matrixFaults } from '../support/fault-matrix-faults.ts';
import { type Evidence, judge } from '../support/fault-matrix-judge.ts';
import { type FreshFunctions, functionStarter } from '../support/fault-matrix-process.ts';
import { openMatrixStore } from '../support/fault-matrix-store.ts';
import { type Devices, matrixSubjects } from '../support/fault-matrix-subjects.ts';
import { matrixTable } from '../support/fault-matrix-table.ts';
import { captureLog } from '../support/log.ts';
import { LOGGED_OUT } from '../support/range.ts';
import { openTestStore, type TestStore } from '../support/store.ts';

/** Cells at work at a time: those that wait for a time-out cost nothing, the others a processor. */
const WAITING_AT_ONCE = 20;
const BUSY_AT_ONCE = 8;
const MATRIX_TIMEOUT_MS = 240_000;

let cells: readonly Cell[] = [];
/** The log's error lines: what went wrong, by error id. */
let errors: ReadonlyMap<unknown, string> = new Map();
let errorLines = 0;

beforeAll(async () => {
  const store = await openMatrixStore();
  const log = captureLog();
  try {
    const ground = { store, start: await functionStarter() };
    const tasks = (waits: boolean) =>
      matrixFaults
        .filter((fault) => isWaitedFor(fault) === waits)
        .flatMap((fault) =>
          matrixSubjects
            .filter((subject) => canMeet(subject, fault))
            .map((subject) => () => runCell(ground, fault, subject)),
        );
    // One after the other: what is busy would eat up the time-outs of what waits.
    cells = [
      ...(await inTurns(tasks(true), WAITING_AT_ONCE)),
      ...(await inTurns(tasks(false), BUSY_AT_ONCE)),
    ];
    const lines = log.entries().filter(({ level }) => level === 'ERROR');
    errorLines = lines.length;
    errors = new Map(
      lines.map(({ error_id, error_type, error }) => [error_id, `${error_type}: ${error}`]),
    );
  } finally {
    log.stop();
    await store.close();
  }
}, MATRIX_TIMEOUT_MS);

afterAll(() => {
  const [endpoints, forms] = [true, false].map((isEndpoint) =>
    matrixSubjects.filter(({ request }) => (request !== undefined) === isEndpoint),
  );
  process.stdout.write(matrixTable('ENDPOINTS', matrixFaults, endpoints ?? [], cells));
  process.stdout.write(matrixTable('AUTHORIZER FORMS', matrixFaults, forms ?? [], cells));
});

/** Whether an answer comes only after some time-out. */
function isWaitedFor({ store, keyServer }: MatrixFault): boolean {
  const name = store && 'wire' in store ? store.wire : keyServer;
  return typeof name === 'object' ? 'delayMs' in name : /hang|stall|slow/.test(String(name));
}

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

describe.each(matrixFaults)('$name', (fault) => {
  test.each(matrixSubjects.filter((subject) => canMeet(subject, fault)))('$name', (subject) => {
    const cell = cells.find((each) => each.fault === fault && each.subject === subject);
    expect(cell?.asks.map(({ asker }) => asker)).toEqual(askersOf(subject));
    const found = cell?.asks.map(({ asker, answer, problems }) => ({ asker, answer, problems }));
    expect(found?.filter(({ problems }) => problems.length > 0)).toEqual([]);
  });
});

/** Logout of one session that went well; what follows changes one thing about it. */
const RIGHT: Evidence = {
  ends: ['asker'],
  isProtected: false,
  expected: 'served',
  mayHaveEffect: false,
  meetsFault: true,
  kind: 'success',
  leftMs: 1,
  metFault: true,
  before: { asker: true, other: true },
  after: { asker: false, other: true },
};
const UNCHANGED = { after: RIGHT.before };
const DEAD = { asker: false, other: true };

describe('the judge of the matrix', () => {
  test.each<[string, Partial<Evidence>]>([
    ['a logout', {}],
    ['a failure that changed nothing', { expected: 'failed', kind: 'failed', ...UNCHANGED }],
    [
      'a failure whose write took effect, where that may be',
      { expected: 'failed', kind: 'failed', mayHaveEffect: true },
    ],
    [
      'a dead session that is refused',
      { isProtected: true, kind: 'refused', ends: [], before: DEAD, after: DEAD },
    ],
    [
      'a session that is gone by a delete that was tried again',
      { kind: 'gone', ends: ['other'], mayHaveEffect: true, after: { asker: true, other: false } },
    ],
  ])('has nothing against %s', (_, change) => {
    expect(judge({ ...RIGHT, ...change })).toEqual([]);
  });

  test.each<[string, Partial<Evidence>, string]>([
    ['a 200 with the session alive', UNCHANGED, 'a false success: still alive: asker'],
    [
      'a 200 of logout everywhere that spares one',
      { ends: ['asker', 'other'] },
      'a false success: still alive: other',
    ],
    ['a 200 under a fault that lasts', { expected: 'failed' }, 'success, where nobody could know'],
    [
      'a 401 under a fault that lasts',
      { expected: 'failed', kind: 'refused', isProtected: true, ...UNCHANGED },
      'refused, where nobody could know',
    ],
    [
      'a dead session that is let in',
      { isProtected: true, ends: [], before: DEAD, after: DEAD },
      'fail-open: a dead session was let in',
    ],
    [
      'a live session that is refused',
      { isProtected: true, kind: 'refused', ends: [], ...UNCHANGED },
      'refused in place of success',
    ],
    [
      'a 500 for a fault that passed',
      { kind: 'failed', ...UNCHANGED },
      'failed in place of success',
    ],
    [
      'a 404 for a session that is alive',
      { kind: 'gone', ...UNCHANGED },
      'a false 404: the session is alive',
    ],
    ['another form of answer', { kind: 'malformed' }, 'an answer in no known form'],
    ['an answer too late', { leftMs: 0 }, 'answered after Lambda would have ended the function'],
    ['a fault that met nothing', { metFault: false }, 'never met its fault'],
    [
      'a failure that ended something',
      { expected: 'failed', kind: 'failed' },
      'asker was ended without a reason',
    ],
    [
      'somebody else’s session ended as well',
      { after: { asker: false, other: false } },
      'other was ended without a reason',
    ],
    [
      'a dead session that is alive again',
      { before: DEAD, after: { asker: true, other: true }, kind: 'failed', expected: 'failed' },
      'asker has come back to life',
    ],
  ])('objects to %s', (_, change, problem) => {
    expect(judge({ ...RIGHT, ...change })).toContain(problem);
  });
});

describe('a function that is wrong', () => {
  let store: TestStore;
  beforeAll(async () => {
    store = await openTestStore();
  });
  afterAll(() => store.close());

  const fault = (name: string) => matrixFaults.filter((each) => each.name === name);
  const subject = (name: string) => matrixSubjects.filter((each) => each.name === name);

  test.each([
    [
      'logs out without a look at the store',
      'this',
      'logout',
      LOGGED_OUT,
      'a false success: still alive: asker',
    ],
    [
      'lets in whoever comes while the store is down',
      '2.0 simple',
      'authorizer',
      undefined,
      'success, where nobody could know',
    ],
    [
      'answers a bare 500',
      'me',
      'me',
      { statusCode: 500, headers: {}, body: '{}' },
      'an answer in no known form',
    ],
  ] as const)('%s: the matrix objects', async (_, name, fn, answer, problem) => {
    const [broken] = fault('access-denied');
    const [asked] = subject(name);
    if (!broken || !asked) throw new Error('no such cell');
    const wrong = {
      ...asked,
      // What it gives back is what a live session would be answered.
      event: (devices: Devices) => answer ?? asked.succeeded(devices),
    };
    const start = () => ({ [fn]: async (event: unknown) => event }) as unknown as FreshFunctions;
    const { asks } = await runCell({ store, start }, broken, wrong);
    expect(asks[0]?.problems).toContain(problem);
  });
});

test('every failure has one log line, under the id of its answer, which names the cause', () => {
  const failures = cells.flatMap(({ fault, asks }) =>
    asks.flatMap(({ answer: { errorId } }) => (errorId === undefined ? [] : [{ fault, errorId }])),
  );
  expect(failures.map(({ errorId }) => errorId).sort()).toEqual([...errors.keys()].sort());
  expect(errorLines).toBe(failures.length);
  for (const { fault, errorId } of failures)
    if (fault.cause) expect(errors.get(errorId)).toMatch(fault.cause);
});
