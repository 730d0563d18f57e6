import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { hasRepeatedMembers, parseTokenHeader } from '../../../lib/tokens/header.ts';
import { anyCharacter } from '../../support/characters.ts';
import { encode } from '../../support/signing.ts';

const TYPES = ['jwt', 'at+jwt'];
const parse = (header: unknown) => parseTokenHeader(encode(header), TYPES);
const parseBytes = (bytes: readonly number[]) =>
  parseTokenHeader(Buffer.from(bytes).toString('base64url'), TYPES);

test('keeps the algorithm and the key id, and nothing else', () => {
  expect(parse({ alg: 'RS256', kid: 'k', typ: 'JWT', jku: 'https://x', jwk: {}, x5c: [] })).toEqual(
    {
      alg: 'RS256',
      kid: 'k',
    },
  );
  expect(parse({ alg: 'HS256' })).toEqual({ alg: 'HS256' });
});

describe('a header that is no JSON object in UTF-8', () => {
  test.each([
    ['nothing', ''],
    ['an array', '[]'],
    ['an array that holds a header', '[{"alg":"HS256"}]'],
    ['a string', '"HS256"'],
    ['a number', '1'],
    ['null', 'null'],
    ['no JSON', '{alg:"HS256"}'],
    ['JSON with a comma too many', '{"alg":"HS256",}'],
    ['JSON with something after it', '{"alg":"HS256"}x'],
    ['two objects', '{"alg":"HS256"}{}'],
    ['a byte order mark', '\ufeff{"alg":"HS256"}'],
    ['a NUL', '{"alg":"HS256"}\0'],
    ['brackets that never close', '{"alg":"HS256","x":'.padEnd(6_000, '[')],
  ])('is malformed: %s', (_, text) => {
    expect(parse(text)).toBe('malformed_header');
  });

  test('is malformed: no UTF-8, or UTF-16', () => {
    const text = '{"alg":"HS256","kid":"?"}';
    const bytes = [...Buffer.from(text)];
    expect(parseBytes(bytes)).toEqual({ alg: 'HS256', kid: '?' });
    expect(parseBytes(bytes.with(text.indexOf('?'), 0xff))).toBe('malformed_header');
    expect(parseBytes([...Buffer.from(text, 'utf16le')])).toBe('malformed_header');
  });
});

describe('members of a wrong type', () => {
  const wrong = [null, 1, true, ['HS256'], { alg: 'HS256' }];
  test.each(['alg', 'kid', 'typ'])('%s', (member) => {
    for (const value of wrong)
      expect(parse({ alg: 'HS256', [member]: value })).toBe('malformed_header');
  });
  test('a missing alg is malformed, also where a prototype seems to have one', () => {
    expect(parse({})).toBe('malformed_header');
    expect(parse('{"__proto__":{"alg":"HS256"}}')).toBe('malformed_header');
  });
});

describe('types', () => {
  test.each(['JWT', 'jwt', 'JwT', 'at+jwt', 'AT+JWT', 'application/at+jwt', 'application/jwt'])(
    '%s opens something',
    (typ) => {
      expect(parse({ alg: 'HS256', typ })).toEqual({ alg: 'HS256' });
    },
  );
  test.each([
    'logout+jwt',
    'dpop+jwt',
    'secevent+jwt',
    'id_token',
    'JWS',
    'JOSE',
    '',
    ' JWT',
    'JWT ',
    'application/',
    'application/application/jwt',
    'text/jwt',
    'at+jwt; charset=utf-8',
  ])('%j is signed for another purpose', (typ) => {
    expect(parse({ alg: 'HS256', typ })).toBe('unsupported_type');
  });
});

test.each([
  [{ crit: ['exp'] }],
  [{ crit: ['b64'], b64: true }],
  [{ crit: ['b64'], b64: false }],
  [{ crit: ['https://example.com/unknown'] }],
  [{ crit: [] }],
  [{ crit: null }],
  [{ b64: false }],
  [{ b64: true }],
  [{ enc: 'A256GCM' }],
])('an extension that changes what a token means is unsupported: %j', (members) => {
  expect(parse({ alg: 'HS256', ...members })).toBe('unsupported_header');
});

describe('repeated members', () => {
  test.each([
    '{"alg":"none","alg":"HS256"}',
    '{"alg":"HS256","alg":"HS256"}',
    '{"alg":"none","\\u0061lg":"HS256"}',
    '{"alg":"HS256", "x":{"alg":1} , "alg" : "none"}',
    '{"alg":"HS256","x":["{"],"kid":"a","kid":"b"}',
    '{"alg":"HS256","x\\"":1,"x\\u0022":2}',
    '{"alg":"HS256","__proto__":1,"__proto__":2}',
  ])('make a header malformed: %s', (text) => {
    expect(parse(text)).toBe('malformed_header');
  });

  test.each([
    '{"alg":"HS256","x":"alg","y":"\\"alg\\":"}',
    '{"alg":"HS256","jwk":{"alg":"a"},"list":[{"alg":"b"},{"alg":"c"}]}',
    '{"alg":"HS256","Alg":"none","ALG":"none"}',
    '{"alg":"HS256","a":"}","b":"{","c":"\\\\"}',
  ])('are not seen where there are none: %s', (text) => {
    expect(parse(text)).toEqual({ alg: 'HS256' });
  });

  test('are found wherever they are, and only there', () => {
    const entries = fc.uniqueArray(fc.tuple(fc.string({ unit: anyCharacter }), fc.jsonValue()), {
      maxLength: 5,
      selector: ([name]) => name,
    });
    const space = fc.stringMatching(/^[ \n\r\t]{0,2}$/);
    fc.assert(
      fc.property(entries, space, fc.nat(), fc.nat(), (members, white, from, to) => {
        const texts = members.map(
          ([name, value]) => `${white}${JSON.stringify(name)}${white}:${JSON.stringify(value)}`,
        );
        expect(hasRepeatedMembers(`{${texts.join(',')}}`)).toBe(false);
        const repeated = texts[from % Math.max(texts.length, 1)];
        if (repeated === undefined) return;
        const more = texts.toSpliced(to % (texts.length + 1), 0, repeated);
        expect(hasRepeatedMembers(`{${more.join(',')}}`)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});
