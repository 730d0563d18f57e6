import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { measureGap } from '../../bench/gap.ts';
import { callCommand } from '../support/commands.ts';
import { configureFunction } from '../support/lambda.ts';
import { useTestStore } from '../support/store.ts';
import { startWrongService } from './wrong-service.ts';

const TIMEOUT_MS = 180_000;
const store = useTestStore();
const before = { ...process.env };
beforeAll(() => configureFunction(store));
afterAll(() => {
  process.env = before;
});

async function runGap(cacheMs: number) {
  const service = await startWrongService(store, cacheMs);
  try {
    const args = ['--url', service.url, '--rounds', '3', '--users', '2'];
    return await callCommand(measureGap, args);
  } finally {
    await service.close();
  }
}

describe('npm run bench:gap', () => {
  test(
    'ends with 0 where the service is right, and says how much it asked',
    async () => {
      const { code, output } = await runGap(0);
      expect(output).toContain('**No violation** in 3 rounds');
      for (const scope of ['this', 'others', 'everywhere'])
        expect(output).toMatch(new RegExp(`^\\| ${scope} \\| 1 \\| (?:[\\d.]+ \\| ){6}[1-9]`, 'm'));
      expect(code).toBe(0);
    },
    TIMEOUT_MS,
  );

  // tests/bench/logout-observations.test.ts has every other wrong answer.
  test(
    'ends with 1 for a cache that lets dead tokens in',
    async () => {
      const { code, output } = await runGap(100);
      expect(output).toMatch(/- let in: scope this, .* ms after its session was dead$/m);
      expect(code).toBe(1);
    },
    TIMEOUT_MS,
  );
});
