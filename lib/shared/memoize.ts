/** Memoizes an async factory. A rejected promise is not cached. */
export function memoizeAsync<Result>(make: () => Promise<Result>): () => Promise<Result> {
  let cached: Promise<Result> | undefined;
  return () => {
    cached ??= make().catch((error) => {
      cached = undefined;
      throw error;
    });
    return cached;
  };
}

/**
 * Memoizes the result for the last argument; a factory without a parameter runs once. An exception is
 * not cached.
 */
export function memoizeLast<Key, Result>(make: (key: Key) => Result): (key: Key) => Result {
  let last: { readonly key: Key; readonly result: Result } | undefined;
  return (key) => {
    if (!last || last.key !== key) last = { key, result: make(key) };
    return last.result;
  };
}
