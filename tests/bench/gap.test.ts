import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { playRounds, type Rounds } from '../../bench/gap/rounds.ts';
import { summaries } from '../../bench/gap/summary.ts';
import { runCommand } from '../support/commands.ts';
import { configureFunction } from '../support/lambda.ts';
import { testSigner } from '../support/signing.ts';
import { openTestStore, type TestStore } from '../support/store.ts';
import { type Mistakes, startWrongService } from './wrong-service.ts';

let store: TestStore;
const before = { ...process.env };

beforeAll(async () => {
  store = await openTestStore();
  configureFunction(store);
});

afterAll(async () => {
  await store.close();
  process.env = before;
});

async function play(mistakes: Mistakes, rounds = 6): Promise<Rounds> {
  const service = await startWrongService(store, mistakes);
  try {
    return await playRounds(
      { api: `${service.url}/api/v1/auth`, store, signer: testSigner, clockMarginMs: 0 },
      { rounds, warmUp: 0, users: 2, clients: 2, seconds: 20, progress: () => {} },
    );
  } finally {
    await service.stop();
  }
}

describe('the gap bench', () => {
  test('finds nothing where the service is right, and says how much it asked', async () => {
    const result = await play({});
    expect(result.violations).toEqual([]);
    const scopes = summaries(result);
    expect(scopes.map(({ scope, rounds }) => [scope, rounds])).toEqual([
      ['this', 2],
      ['others', 2],
      ['everywhere', 2],
    ]);
    for (const { deadChecks, liveChecks, refreshes, rounds } of scopes) {
      expect(deadChecks).toBeGreaterThanOrEqual(2 * rounds);
      expect(liveChecks).toBeGreaterThan(0);
      expect(refreshes).toBeGreaterThan(rounds);
    }
  });

  test('sees a cache that lets dead tokens in, for each scope', async () => {
    const result = await play({ cacheMs: 200 });
    for (const scope of ['this', 'others', 'everywhere'])
      expect(result.violations).toContainEqual(
        expect.stringMatching(
          new RegExp(`^let in: scope ${scope}, .* ms after its session was dead$`),
        ),
      );
  });

  test('sees a refresh that escapes a logout which only deletes rows', async () => {
    const { violations } = await play({ deletesRowsOnly: true }, 12);
    expect(violations).toContainEqual(
      expect.stringMatching(/^(let in|refreshed): scope everywhere/),
    );
    expect(violations.filter((line) => !line.includes('scope everywhere'))).toEqual([]);
  });

  test('sees a session refused that was to be kept', async () => {
    const { violations } = await play({ keepsNobody: true });
    expect(violations).toContainEqual(
      expect.stringMatching(/^refused: scope others, a token of the device that logs out/),
    );
    expect(violations.filter((line) => !line.includes('scope others'))).toEqual([]);
  });
});

describe('npm run bench:gap', () => {
  test.each([
    {
      name: 'ends with 0 where it found nothing',
      cacheMs: 0,
      code: 0,
      verdict: '**No violation**',
    },
    { name: 'ends with 1 and the details', cacheMs: 200, code: 1, verdict: '- let in: scope ' },
  ])('$name', async ({ cacheMs, code, verdict }) => {
    const service = await startWrongService(store, { cacheMs });
    const results = mkdtempSync(join(tmpdir(), 'gap-'));
    try {
      const args = ['--url', service.url, '--results', results, '--rounds', '6', '--users', '1'];
      const run = await runCommand(process.execPath, ['bench/gap.ts', ...args]);
      expect(run.output).toContain(verdict);
      expect(run.code).toBe(code);
      expect(readFileSync(join(results, 'gap.md'), 'utf8')).toContain(verdict);
      const { violations } = JSON.parse(readFileSync(join(results, 'gap.json'), 'utf8'));
      expect(violations.length > 0).toBe(code === 1);
    } finally {
      await service.stop();
      rmSync(results, { recursive: true });
    }
  });
});
