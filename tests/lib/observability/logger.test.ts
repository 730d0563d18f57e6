import { expect, test } from '@jest/globals';
import { captureLog } from '../../support/log.ts';

test('lines and metrics have the service of one variable, which tells stages apart', async () => {
  process.env.POWERTOOLS_SERVICE_NAME = 'true-logout-stage';
  const log = captureLog();
  try {
    const { logger } = await import('../../../lib/observability/logger.ts');
    const { count, publishMetrics } = await import('../../../lib/observability/metrics.ts');
    logger.info('a line');
    count('a_metric');
    publishMetrics();
    const entries = log.entries();
    expect(entries.map((entry) => '_aws' in entry)).toEqual([false, true]);
    for (const entry of entries) expect(entry).toMatchObject({ service: 'true-logout-stage' });
  } finally {
    log.stop();
    delete process.env.POWERTOOLS_SERVICE_NAME;
  }
});
