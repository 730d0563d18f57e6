import { createHash, createHmac } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import type { SourceData } from '@smithy/types';
import fc from 'fast-check';
import { Sha256 } from '../../../lib/aws/sha256.ts';
import { anyCharacter } from '../../support/characters.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

async function digest(parts: readonly Uint8Array[], secret?: SourceData) {
  const sha256 = new Sha256(secret);
  for (const part of parts) sha256.update(part);
  return hex(await sha256.digest());
}

describe('a hash', () => {
  test('is SHA-256 of all parts together', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 4 }),
        async (parts) => {
          const expected = createHash('sha256').update(Buffer.concat(parts)).digest('hex');
          expect(await digest(parts)).toBe(expected);
        },
      ),
    );
  });

  test('begins anew after a reset', async () => {
    const sha256 = new Sha256();
    sha256.update(Buffer.from('forgotten'));
    sha256.reset();
    sha256.update(Buffer.from('abc'));
    // FIPS 180-2, appendix B.1
    expect(hex(await sha256.digest())).toBe(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    );
  });
});

describe('an HMAC', () => {
  test.each(['text', 'bytes', 'buffer'] as const)('under a key as %s is Node’s', async (form) => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: anyCharacter, minLength: 1 }),
        fc.uint8Array(),
        async (text, data) => {
          const bytes = new TextEncoder().encode(text);
          const secret = { text, bytes, buffer: bytes.buffer }[form];
          const expected = createHmac('sha256', bytes).update(data).digest('hex');
          expect(await digest([data], secret)).toBe(expected);
        },
      ),
    );
  });

  test('under a part of a buffer leaves out the rest', async () => {
    const whole = new Uint8Array([1, 2, 3, 4, 5, 6]);
    const part = whole.subarray(2, 4);
    const expected = createHmac('sha256', new Uint8Array([3, 4]))
      .update('data')
      .digest('hex');
    expect(await digest([Buffer.from('data')], part)).toBe(expected);
    expect(await digest([Buffer.from('data')], new DataView(whole.buffer, 2, 2))).toBe(expected);
  });
});
