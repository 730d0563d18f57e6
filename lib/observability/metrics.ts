import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { metricsNamespace, serviceName } from './settings.ts';

/**
 * CloudWatch metrics in the embedded metric format: one JSON line per request, parsed by CloudWatch
 * Logs. Values only add up, so one buffer serves the whole process.
 */
const metrics = new Metrics({ namespace: metricsNamespace(), serviceName: serviceName() });

/** Adds 1 to a counter. */
export function count(name: string): void {
  neverFail(() => metrics.addMetric(name, MetricUnit.Count, 1));
}

/** Records the duration of one store operation, retries included. */
export function storeLatency(milliseconds: number): void {
  neverFail(() => metrics.addMetric('store_latency', MetricUnit.Milliseconds, milliseconds));
}

/** Writes the buffered metrics; every handler's stack calls this at the end of a request. */
export function publishMetrics(): void {
  neverFail(() => {
    if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics();
  });
}

/** Never lets metrics fail a request. */
function neverFail(action: () => void): void {
  try {
    action();
  } catch {
    metrics.clearMetrics();
  }
}
