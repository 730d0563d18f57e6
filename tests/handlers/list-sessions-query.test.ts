import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parsePage } from '../../handlers/list-sessions.ts';
import { parseRequest } from '../../lib/http/request.ts';
import { encodeCursor } from '../../lib/sessions/cursor.ts';
import { anyCharacter } from '../support/characters.ts';
import { eventV2, FORMATS, type TestRequest } from '../support/events.ts';
import { encode } from '../support/signing.ts';

type Query = NonNullable<TestRequest['query']>;

const read = (query: Query, event: typeof eventV2 = eventV2) =>
  parsePage(parseRequest(event({ query })));

const refused = (detail: string) =>
  expect.objectContaining({ statusCode: 422, message: JSON.stringify({ detail }) });

/** What is thrown, or undefined. */
function errorOf(query: Query): unknown {
  try {
    read(query);
    return undefined;
  } catch (error) {
    return error;
  }
}

describe('limit', () => {
  test('is 20 by default, and may be 1 to 100', () => {
    expect(read({})).toEqual({ limit: 20, after: undefined });
    for (const limit of [1, 2, 99, 100]) expect(read({ limit: `${limit}` }).limit).toBe(limit);
  });

  test.each([
    ...['', '0', '101', '-1', '+1', '1.5', '1.0', '1e1', '0x10', '010', ' 5', '5\n'],
    ...['abc', 'NaN', 'Infinity', '５', '1,1', 'null', '9'.repeat(400)],
  ])('may not be %j', (limit) => {
    expect(errorOf({ limit })).toEqual(refused('limit must be a whole number from 1 to 100'));
  });

  test('may not be given twice, in either payload format', () => {
    for (const [, request] of FORMATS)
      expect(() => read({ limit: ['5', '5'] }, request)).toThrow('limit must be');
  });
});

const position = fc.record({
  auth_time: fc.integer({ min: 0, max: 253_402_300_799_999 }),
  jti: fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
    .filter((jti) => !jti.startsWith('#')),
});

describe('next', () => {
  const tampered = refused('next must be the value that a page before gave');

  test('gives back the position that it was made of', () => {
    fc.assert(
      fc.property(position, (after) => {
        expect(read({ next: encodeCursor(after) }).after).toEqual(after);
      }),
    );
  });

  const good = encodeCursor({ auth_time: 1_000, jti: 'abcdef' });

  test.each<[string, string | string[]]>([
    ['empty', ''],
    ['given twice', [good, good]],
    ['no base64url', '%%%'],
    ['no JSON', encode('hello')],
    ['half of one', good.slice(0, -3)],
    ['null', encode('null')],
    ['too long', encode([1, 'a', 2])],
    ['with another type of time', encode(['1', 'a'])],
    ['with a fraction of time', encode([1.5, 'a'])],
    ['with a time that is no date', encode([253_402_300_799_999 + 1, 'a'])],
    ['with the cutoff’s id', encode([1, '#cutoff'])],
    ['with an id that is no key', encode([1, 'a'.repeat(1_025)])],
    ['written another way', encode('[1, "a"]')],
    ['with bytes that are no UTF-8', Buffer.from('[1,"\xff"]', 'latin1').toString('base64url')],
  ])('is refused when it is %s', (_, next) => {
    expect(errorOf({ next })).toEqual(tampered);
  });

  test('of any shape at all is either a page’s own or a 422', () => {
    const text = fc.oneof(
      fc.string({ unit: anyCharacter, maxLength: 60 }),
      fc.base64String({ maxLength: 60 }),
      fc.jsonValue().map(encode),
      fc.tuple(fc.jsonValue(), fc.jsonValue()).map(encode),
      fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString('base64url')),
      fc
        .tuple(position, fc.nat({ max: 80 }), fc.string({ minLength: 1, maxLength: 1 }))
        .map(([after, at, character]) => {
          const good = encodeCursor(after);
          return good.slice(0, at % good.length) + character + good.slice((at % good.length) + 1);
        }),
    );
    fc.assert(
      fc.property(text, (next) => {
        const error = errorOf({ next });
        if (error !== undefined) expect(error).toEqual(tampered);
        else expect(encodeCursor(read({ next }).after ?? { auth_time: -1, jti: '' })).toBe(next);
      }),
      { numRuns: 1_000 },
    );
  });
});
