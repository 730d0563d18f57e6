import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { runCommand } from '../support/commands.ts';
import { configureFunction } from '../support/lambda.ts';
import { openTestStore, type TestStore } from '../support/store.ts';
import { type Mistakes, startWrongService } from './wrong-service.ts';

const TIMEOUT_MS = 180_000;
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

async function runGap(mistakes: Mistakes) {
  const service = await startWrongService(store, mistakes);
  try {
    const args = ['--url', service.url, '--rounds', '9', '--users', '2'];
    return await runCommand(process.execPath, ['bench/gap.ts', ...args]);
  } finally {
    await service.stop();
  }
}

describe('npm run bench:gap', () => {
  test(
    'ends with 0 where the service is right, and says how much it asked',
    async () => {
      const { code, output } = await runGap({});
      expect(output).toContain('**No violation** in 9 rounds');
      for (const scope of ['this', 'others', 'everywhere'])
        expect(output).toMatch(new RegExp(`^\\| ${scope} \\| 3 \\| (?:[\\d.]+ \\| ){6}[1-9]`, 'm'));
      expect(code).toBe(0);
    },
    TIMEOUT_MS,
  );

  test.each([
    {
      name: 'a cache that lets dead tokens in',
      mistakes: { cacheMs: 200 },
      violation: /- let in: scope this, .* ms after its session was dead$/m,
    },
    {
      name: 'a refresh that escapes a logout which only deletes rows',
      mistakes: { deletesRowsOnly: true },
      violation: /- (let in|refreshed): scope everywhere/,
    },
    {
      name: 'a session refused that was to be kept',
      mistakes: { keepsNobody: true },
      violation: /- refused: scope others, a token of the device that logs out/,
    },
  ])(
    'ends with 1 for $name',
    async ({ mistakes, violation }) => {
      const { code, output } = await runGap(mistakes);
      expect(output).toMatch(violation);
      expect(code).toBe(1);
    },
    TIMEOUT_MS,
  );
});
