import { isObject, parseJson } from '../lib/shared/json.ts';

/** Longest answer, in bytes, and longest time, in milliseconds. */
const MAX_BYTES = 262_144;
const TIMEOUT_MS = 5_000;

/**
 * Fetches a JSON object, and follows no redirect.
 *
 * @throws Error in one line, for any other answer, one of more than 256 KiB, and none within 5 s
 */
export async function fetchJsonObject(url: URL): Promise<Readonly<Record<string, unknown>>> {
  const response = await fetch(url, {
    redirect: 'manual',
    signal: AbortSignal.timeout(TIMEOUT_MS),
    headers: { Accept: 'application/json', 'User-Agent': 'true-logout' },
  });
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new Error(`the answer is ${response.status}`);
  }
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > MAX_BYTES) throw new Error(`the answer has more than ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  const value = parseJson(Buffer.concat(chunks).toString());
  if (!isObject(value)) throw new Error('the answer is no JSON object');
  return value;
}
