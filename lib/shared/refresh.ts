/**
 * Greatest age of a value for a refusal, and shortest time between the starts of two fetches from a source,
 * in milliseconds; longer than a fetch may take.
 */
export const FRESH_MS = 5_000;

/** Age until which a value goes on serving while its refresh fails, in milliseconds. */
export const STALE_MAX_AGE_MS = 3_600_000;

/** `cached` values grant. A refusal needs a `fresh` one, as the source may have changed since. */
export type Freshness = 'cached' | 'fresh';

/** A value and the start of its fetch. */
export interface Snapshot<Value> {
  readonly value: Value;
  /** Epoch milliseconds; infinite for a value of the configuration, which never ages. */
  readonly fetchedAtMs: number;
}

/** A value that is at hand now, or after a fetch. */
export type Source<Value> = (freshness: Freshness) => Promise<Snapshot<Value>>;

/**
 * Decides by a source's value. A refusal by an older one is decided again by a fresh one.
 *
 * @throws when a needed value cannot be fetched: then nothing is known
 */
export async function decideBy<Value, Decision>(
  source: Source<Value>,
  decide: (value: Value) => Promise<Decision>,
  isRefusal: (decision: Decision) => boolean,
): Promise<Decision> {
  const { value, fetchedAtMs } = await source('cached');
  const decision = await decide(value);
  if (!isRefusal(decision) || Date.now() - fetchedAtMs <= FRESH_MS) return decision;
  return decide((await source('fresh')).value);
}

/** The source of a value of the configuration. */
export function fixedSource<Value>(value: Value): Source<Value> {
  return async () => ({ value, fetchedAtMs: Number.POSITIVE_INFINITY });
}

/**
 * Caches the value of a remote source. At most one fetch starts in {@link FRESH_MS}, and all requests of
 * this time share the result or the failure: neither a flood of forged tokens nor an outage multiplies
 * fetches.
 *
 * @param maxAgeMs age at which a cached value is fetched again
 * @param onStale called when a refresh fails and an older value stays in use
 */
export function cacheSource<Value>(
  fetchValue: () => Promise<Value>,
  maxAgeMs: number,
  onStale: (error: unknown) => void,
): Source<Value> {
  let latest: Snapshot<Value> | undefined;
  let attempt: { startedAtMs: number; snapshot: Promise<Snapshot<Value>> } | undefined;

  const isWithin = (milliseconds: number) =>
    latest !== undefined && Date.now() - latest.fetchedAtMs <= milliseconds;

  async function fetchSnapshot(fetchedAtMs: number): Promise<Snapshot<Value>> {
    try {
      const snapshot = { value: await fetchValue(), fetchedAtMs };
      // In a thawed process, an old fetch may end after a newer.
      if (!latest || latest.fetchedAtMs < fetchedAtMs) latest = snapshot;
      return snapshot;
    } catch (error) {
      if (isWithin(STALE_MAX_AGE_MS)) onStale(error);
      throw error;
    }
  }

  function refresh(): Promise<Snapshot<Value>> {
    const now = Date.now();
    if (!attempt || now - attempt.startedAtMs > FRESH_MS)
      attempt = { startedAtMs: now, snapshot: fetchSnapshot(now) };
    return attempt.snapshot;
  }

  return async (freshness) => {
    if (latest && isWithin(freshness === 'fresh' ? FRESH_MS : maxAgeMs)) return latest;
    try {
      return await refresh();
    } catch (error) {
      if (freshness === 'cached' && latest && isWithin(STALE_MAX_AGE_MS)) return latest;
      throw error;
    }
  };
}
