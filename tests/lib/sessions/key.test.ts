import { describe, expect, test } from '@jest/globals';
import {
  MAX_JTI_BYTES,
  MAX_SUB_BYTES,
  parseRowKey,
  parseSessionId,
  sessionId,
  sessionKey,
} from '../../../lib/sessions/key.ts';

test('names a session by its subject and its token id', () => {
  expect(sessionKey({ sub: 'alice', jti: 'j' })).toEqual({ sub: 'alice', jti: 'j' });
});

describe('a token without a sub', () => {
  test('has a partition of its own, which no sub can name', () => {
    expect(sessionKey({ jti: 'j' })).toEqual({ sub: '#jti:j', jti: 'j' });
    for (const sub of ['#jti:j', '#jti:', '#jti:other'])
      expect(sessionKey({ sub, jti: 'j' })).toBeNull();
    for (const sub of ['#jti', 'jti:j', ' #jti:j', '#JTI:j', '＃jti:j'])
      expect(accepted({ sub, jti: 'j' })).toBe(true);
  });

  test('has the longest partition key within DynamoDB’s limit', () => {
    const key = sessionKey({ jti: 'x'.repeat(MAX_JTI_BYTES) });
    expect(Buffer.byteLength(key?.sub ?? '')).toBeLessThanOrEqual(MAX_SUB_BYTES);
  });

  test('names its own row alone', () => {
    expect(parseRowKey({ sub: '#jti:j', jti: 'j' })).toEqual({ sub: '#jti:j', jti: 'j' });
    expect(parseRowKey({ sub: '#jti:j', jti: 'k' })).toBeNull();
    expect(parseSessionId('#jti:j', sessionId({ sub: '#jti:j', jti: 'j' }))).not.toBeNull();
    expect(parseSessionId('#jti:j', sessionId({ sub: '#jti:j', jti: 'k' }))).toBeNull();
  });
});

const accepted = (claims: object) => sessionKey(claims) !== null;

describe('limits, in bytes of UTF-8', () => {
  test.each([
    ['jti', MAX_JTI_BYTES],
    ['sub', MAX_SUB_BYTES],
  ])('%s has 1 to %i', (claim, max) => {
    const claims = { sub: 'alice', jti: 'j' };
    expect(accepted({ ...claims, [claim]: '' })).toBe(false);
    expect(accepted({ ...claims, [claim]: 'x' })).toBe(true);
    expect(accepted({ ...claims, [claim]: 'x'.repeat(max) })).toBe(true);
    expect(accepted({ ...claims, [claim]: 'x'.repeat(max + 1) })).toBe(false);
    expect(accepted({ ...claims, [claim]: 'é'.repeat(max / 2) })).toBe(true);
    expect(accepted({ ...claims, [claim]: 'é'.repeat(max / 2 + 1) })).toBe(false);
  });
});

describe.each(['sub', 'jti'])('%s', (claim) => {
  test.each([[null], [0], [1], [true], [['x']], [{ x: 1 }], [{ toString: 'x' }]])(
    'of %j refers to nothing',
    (value) => {
      expect(sessionKey({ sub: 'alice', jti: 'j', [claim]: value })).toBeNull();
    },
  );

  test('with half of a surrogate pair refers to nothing, as UTF-8 has no form for it', () => {
    for (const text of ['\ud800', 'a\udc00b', '\udc00\ud800'])
      expect(sessionKey({ sub: 'alice', jti: 'j', [claim]: text })).toBeNull();
    expect(accepted({ sub: 'alice', jti: 'j', [claim]: '\ud83d\ude00' })).toBe(true);
  });
});

test('refers to nothing without a token id', () => {
  expect(sessionKey({ sub: 'alice' })).toBeNull();
  expect(sessionKey({})).toBeNull();
});

test('never refers to a row that is no session, such as #cutoff', () => {
  for (const jti of ['#cutoff', '#', '#x']) expect(sessionKey({ sub: 'alice', jti })).toBeNull();
  for (const jti of ['cutoff#', ' #cutoff', '＃cutoff'])
    expect(accepted({ sub: 'alice', jti })).toBe(true);
});

test('lets a subject begin with #, as subjects are not reserved', () => {
  expect(sessionKey({ sub: '#cutoff', jti: 'j' })).toEqual({ sub: '#cutoff', jti: 'j' });
});

test('gives different sessions of a subject different ids', () => {
  const ids = ['a', 'b', 'é', 'e\u0301', '\u0000'].map((jti) => sessionId({ sub: 'alice', jti }));
  expect(new Set(ids).size).toBe(ids.length);
  for (const id of ids) expect(id).toMatch(/^[\w-]+$/);
});
