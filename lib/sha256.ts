import { hash } from 'node:crypto';
import type { Checksum, SourceData } from '@smithy/types';
import { type HmacSecret, hmacSha256 } from './hmac.ts';

/**
 * SHA-256 for the SDK's request signatures, in place of its own: hashes in one call, and makes Node's key
 * of a signing key, which lives for a day, only once. Measured: some 70 µs of a warm call's 1,000.
 */
export class Sha256 implements Checksum {
  readonly #secret: HmacSecret | undefined;
  #data: Uint8Array[] = [];

  /** @param secret makes it an HMAC (RFC 2104) */
  constructor(secret?: SourceData) {
    this.#secret = secret === undefined || typeof secret === 'string' ? secret : bytesOf(secret);
  }

  update(data: Uint8Array): void {
    this.#data.push(data);
  }

  async digest(): Promise<Uint8Array> {
    const data =
      this.#data.length === 1 && this.#data[0] ? this.#data[0] : Buffer.concat(this.#data);
    return this.#secret === undefined
      ? hash('sha256', data, 'buffer')
      : hmacSha256(this.#secret, data);
  }

  reset(): void {
    this.#data = [];
  }
}

function bytesOf(data: Exclude<SourceData, string>): Uint8Array {
  if (data instanceof Uint8Array) return data;
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);
}
