import type { WidgetMetric } from './widgets.ts';

/** One value of a metric, as CloudWatch would be told of it. */
export interface Sample {
  readonly namespace: string;
  readonly name: string;
  /** Only a function's metrics differ by it. */
  readonly functionName?: string;
  /** Cutoff milliseconds. */
  readonly at: number;
  readonly value: number;
}

/** A request as its client saw it, which is what API Gateway would count. */
export interface ClientRequest {
  readonly at: number;
  readonly status: number;
  readonly latencyMs: number;
}

/** The metrics that the functions wrote in the embedded metric format. */
export function embeddedSamples(lines: readonly string[]): readonly Sample[] {
  return lines.flatMap((line) => {
    const entry = JSON.parse(line);
    if (!entry._aws) return [];
    const { Timestamp: at, CloudWatchMetrics } = entry._aws;
    return CloudWatchMetrics.flatMap(
      ({ Namespace, Metrics }: { Namespace: string; Metrics: readonly { Name: string }[] }) =>
        Metrics.flatMap(({ Name }) =>
          [entry[Name]].flat().map((value) => ({ namespace: Namespace, name: Name, at, value })),
        ),
    );
  });
}

/** What API Gateway would count of these requests. */
export function gatewaySamples(requests: readonly ClientRequest[]): readonly Sample[] {
  const namespace = 'AWS/ApiGateway';
  return requests.flatMap(({ at, status, latencyMs }) => [
    { namespace, name: 'Count', at, value: 1 },
    { namespace, name: '4xx', at, value: status >= 400 && status < 500 ? 1 : 0 },
    { namespace, name: '5xx', at, value: status >= 500 ? 1 : 0 },
    { namespace, name: 'Latency', at, value: latencyMs },
  ]);
}

/**
 * Durations of the functions, out of what serverless offline prints about each call. The lines have no
 * time, but stand in the order of the requests, which one client sends one after the other.
 *
 * @throws when there is not one line a request
 */
export function durationSamples(
  output: string,
  requests: readonly ClientRequest[],
  stage: string,
): readonly Sample[] {
  const lines = [...output.matchAll(/\(λ: (\w+)\) RequestId: \S+\s+Duration: ([\d.]+) ms/g)];
  if (lines.length !== requests.length)
    throw new Error(`${lines.length} durations were printed for ${requests.length} requests`);
  return lines.map(([, name, ms], index) => ({
    namespace: 'AWS/Lambda',
    name: 'Duration',
    functionName: `true-logout-${stage}-${name}`,
    at: requests[index]?.at ?? 0,
    value: Number(ms),
  }));
}

/** A metric by period; undefined where it has no data. A count that nobody wrote is none. */
export type Series = readonly (number | undefined)[];

/** Puts the samples of a metric into periods, and takes its statistic of each. */
export function seriesOf(
  metric: WidgetMetric,
  samples: readonly Sample[],
  { start, periodMs, periods }: { start: number; periodMs: number; periods: number },
): Series {
  const values: number[][] = Array.from({ length: periods }, () => []);
  const { FunctionName } = metric.dimensions;
  for (const { namespace, name, functionName, at, value } of samples) {
    if (namespace !== metric.namespace || name !== metric.name || functionName !== FunctionName)
      continue;
    values[Math.floor((at - start) / periodMs)]?.push(value);
  }
  return values.map((each) => (each.length === 0 ? undefined : statistic(metric.stat, each)));
}

/** `Sum`, or a percentile by nearest rank. */
function statistic(stat: string, values: readonly number[]): number {
  if (stat === 'Sum') return values.reduce((sum, value) => sum + value, 0);
  const percent = Number(/^p(\d+)$/.exec(stat)?.[1]);
  if (!(percent > 0)) throw new Error(`The dashboard has a statistic that is not drawn: ${stat}`);
  const ordered = values.toSorted((one, other) => one - other);
  return ordered[Math.ceil((percent / 100) * ordered.length) - 1] ?? 0;
}
