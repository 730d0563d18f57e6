import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { serviceName } from '../auth/config.ts';

/**
 * CloudWatch metrics in the embedded format: one JSON line a request, which CloudWatch Logs turns into
 * metrics without a call. They only ever add up, so that one buffer serves a whole process.
 */
const metrics = new Metrics({ namespace: 'TrueLogout', serviceName: serviceName() });

/** Counts something that happened. */
export function count(name: string): void {
  attempt(() => metrics.addMetric(name, MetricUnit.Count, 1));
}

/** Notes how long a call of the store took, all its attempts together. */
export function storeLatency(milliseconds: number): void {
  attempt(() => metrics.addMetric('store_latency', MetricUnit.Milliseconds, milliseconds));
}

/** Writes what has been counted; the stack around every handler does it at a request's end. */
export function publishMetrics(): void {
  attempt(() => {
    if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics();
  });
}

/** A metric that can't be written must not change an answer; its absence is what an alarm can see. */
function attempt(action: () => void): void {
  try {
    action();
  } catch {
    metrics.clearMetrics();
  }
}
