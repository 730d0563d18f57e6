import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import {
  durationDollars,
  MEMORY_MB,
  otherDollars,
  prices,
  STORE_MS,
} from '../../support/prices.ts';

describe('the formula', () => {
  test('is GB-seconds times their price', () => {
    // One second of one GB, a million times.
    expect(durationDollars(1_000, 1_024)).toBeCloseTo(13.3334, 6);
    expect(durationDollars(10, 512)).toBeCloseTo(13.3334 / 200, 6);
  });

  test('adds up units, log and requests, whatever the memory', () => {
    const dollars = otherDollars({
      writeUnits: 1,
      readUnits: 2,
      logBytes: 1_024 ** 3 / 1_000 - 800,
    });
    expect(dollars.DynamoDB).toBeCloseTo(prices.millionWriteUnits + 2 * prices.millionReadUnits, 9);
    // A thousandth of a GB each, a million times.
    expect(dollars['CloudWatch Logs']).toBeCloseTo(1_000 * prices.logGb, 6);
    expect(dollars['Lambda, requests']).toBe(prices.millionInvocations);
    expect(dollars['API Gateway, HTTP API']).toBe(prices.millionGatewayRequests);
    expect(dollars['X-Ray']).toBeCloseTo(0.25, 9);
  });
});

describe('docs/cost.md', () => {
  const page = readFileSync('docs/cost.md', 'utf8');
  /** | logout | 512 | 3.1 | 300 | 0.05 | 2.79 | */
  const rows = [
    ...page.matchAll(
      /^\| (logout|check) \| ([\d,]+) \| ([\d.]+) \| ([\d,]+) \| ([\d.]+) \| ([\d.]+) \|$/gm,
    ),
  ].map(([, request, ...figures]) => ({
    request,
    figures: figures.map((figure) => Number(figure.replaceAll(',', ''))),
  }));
  const [logBytesOfLogout = 0, logBytesOfCheck = 0] = [
    ...page.matchAll(/([\d,]+) bytes of its own/g),
  ].map(([, bytes = '']) => Number(bytes.replaceAll(',', '')));

  test('has every memory size for both requests', () => {
    for (const request of ['logout', 'check'])
      expect(
        rows.filter((row) => row.request === request).map(({ figures }) => figures[0]),
      ).toEqual([...MEMORY_MB]);
  });

  test.each(rows)('follows from the formula: $request, $figures.0 MB', ({ request, figures }) => {
    const [memoryMb = 0, billedMs = 0, , duration = 0, all = 0] = figures;
    const expected = durationDollars(billedMs + STORE_MS, memoryMb);
    // The page rounds what was measured to 0.1 ms, after the bench has made dollars of it.
    expect(duration).toBeGreaterThanOrEqual(
      durationDollars(billedMs + STORE_MS - 0.05, memoryMb) - 0.0005,
    );
    expect(duration).toBeLessThanOrEqual(
      durationDollars(billedMs + STORE_MS + 0.05, memoryMb) + 0.0005,
    );
    const consumption =
      request === 'logout'
        ? { writeUnits: 1, readUnits: 0, logBytes: logBytesOfLogout }
        : { writeUnits: 0, readUnits: 2, logBytes: logBytesOfCheck };
    const others = Object.values(otherDollars(consumption)).reduce((sum, each) => sum + each, 0);
    expect(all).toBeCloseTo(expected + others, 2);
  });

  test('names the memory that serverless.yml sets, by its own rule', () => {
    const { provider } = parse(readFileSync('serverless.yml', 'utf8'), { logLevel: 'silent' });
    const fits = (memoryMb: number) =>
      ['logout', 'check'].every((request) => {
        const totals = rows.filter((row) => row.request === request).map(({ figures }) => figures);
        const cheapest = Math.min(...totals.map(([, , , , all = 0]) => all));
        return totals.some(([mb, , , , all = 0]) => mb === memoryMb && all <= cheapest * 1.02);
      });
    expect(MEMORY_MB.filter(fits).at(-1)).toBe(provider.memorySize);
    expect(page).toContain(`\`memorySize: ${provider.memorySize}\``);
  });
});
