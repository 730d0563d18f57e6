/**
 * List prices in us-east-1, in dollars, without free tiers and discounts for volume, as AWS's pages have them
 * in November 2026: https://aws.amazon.com/lambda/pricing/, https://aws.amazon.com/api-gateway/pricing/,
 * https://aws.amazon.com/dynamodb/pricing/on-demand/, https://aws.amazon.com/cloudwatch/pricing/,
 * https://aws.amazon.com/xray/pricing/, https://aws.amazon.com/kms/pricing/
 */
export const prices = {
  /** Lambda on arm64, a GB-second (1,024 MB). */
  gbSecond: 0.0000133334,
  /** A million of each. */
  millionInvocations: 0.2,
  millionGatewayRequests: 1,
  millionWriteUnits: 0.625,
  millionReadUnits: 0.125,
  millionTraces: 5,
  /** A GB of log, taken in. */
  logGb: 0.5,
  /** A month: a metric that an alarm watches; a custom metric; a dashboard; a key of KMS. */
  alarmMetricMonth: 0.1,
  metricMonth: 0.3,
  keyMonth: 1,
  dashboardMonth: 3,
} as const;

/** Memory at which a function has one processor: https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html */
export const ONE_CPU_MB = 1_769;

/** Memory sizes that are compared. The last is one whole processor. */
export const MEMORY_MB = [128, 512, 1_024, ONE_CPU_MB] as const;

/**
 * What DynamoDB takes longer to answer than the bench's store does, in milliseconds. Its own documentation
 * says "single-digit milliseconds"; loopback is none of it.
 */
export const STORE_MS = 4;

/** What Lambda and API Gateway write to the log for a request: START, END, REPORT; the access log's line. */
const PLATFORM_LOG_BYTES = 350 + 450;
/** X-Ray's default rule traces one request a second and of the others this share: what remains under load. */
const TRACED = 0.05;

/** What one request costs, whatever the memory. */
export interface Consumption {
  readonly writeUnits: number;
  readonly readUnits: number;
  /** Of the function's own lines, outcome and metrics. */
  readonly logBytes: number;
}

/**
 * Lambda's charge for the time of a million requests.
 *
 * @param billedMs of one request, in its mean
 */
export function durationDollars(billedMs: number, memoryMb: number): number {
  return (billedMs / 1_000) * (memoryMb / 1_024) * prices.gbSecond * 1_000_000;
}

/** All else that a million requests cost, in the order of docs/cost.md. */
export function otherDollars({ writeUnits, readUnits, logBytes }: Consumption) {
  return {
    'API Gateway, HTTP API': prices.millionGatewayRequests,
    'Lambda, requests': prices.millionInvocations,
    DynamoDB: writeUnits * prices.millionWriteUnits + readUnits * prices.millionReadUnits,
    'CloudWatch Logs': ((logBytes + PLATFORM_LOG_BYTES) / 1_024 ** 3) * 1_000_000 * prices.logGb,
    'X-Ray': TRACED * prices.millionTraces,
  };
}
