import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseRequest } from '../../../lib/http/request.ts';
import { eventV1, FORMATS } from '../../support/events.ts';

const authorization = (event: unknown) => parseRequest(event).header('authorization');

describe.each(FORMATS)('payload format %s', (_, event) => {
  test('gives the method and the path', () => {
    const { method, path } = parseRequest(event({ method: 'GET', path: '/api/v1/auth/me' }));
    expect({ method, path }).toEqual({ method: 'GET', path: '/api/v1/auth/me' });
  });

  test.each(['Authorization', 'authorization', 'AUTHORIZATION', 'aUtHoRiZaTiOn'])(
    'finds a header called %s',
    (name) => {
      expect(authorization(event({ headers: { Other: 'y', [name]: 'Bearer x' } }))).toBe(
        'Bearer x',
      );
    },
  );

  test('finds no header by a name that only resembles', () => {
    const headers = { 'X-Authorization': 'a', Authorizatio: 'b', 'Proxy-Authorization': 'c' };
    expect(authorization(event({ headers }))).toBeUndefined();
  });

  test('keeps an empty header apart from a missing one', () => {
    expect(authorization(event({ headers: { Authorization: '' } }))).toBe('');
    expect(authorization(event())).toBeUndefined();
  });

  test('joins a header whose name is there in two spellings', () => {
    const headers = { Authorization: 'Bearer A', authorization: 'Bearer B' };
    expect(authorization(event({ headers }))).toBe('Bearer A,Bearer B');
  });

  test('takes headers that are null for none', () => {
    const headerless = { ...event(), headers: null, multiValueHeaders: null };
    expect(authorization(headerless)).toBeUndefined();
  });
});

test('finds a header that is only in multiValueHeaders', () => {
  const multiValueHeaders = { AUTHORIZATION: ['Bearer x'] };
  for (const headers of [null, undefined, {}])
    expect(authorization({ ...eventV1(), headers, multiValueHeaders })).toBe('Bearer x');
});

test('joins a repeated header of format 1.0 by commas, though `headers` has only its last value', () => {
  const event = {
    ...eventV1(),
    headers: { Authorization: 'Bearer B' },
    multiValueHeaders: { Authorization: ['Bearer A', 'Bearer B'] },
  };
  expect(authorization(event)).toBe('Bearer A,Bearer B');
});

test('falls back to `headers` where multiValueHeaders lacks the header', () => {
  for (const multiValueHeaders of [null, {}, { Authorization: [] }, { Host: ['x'] }])
    expect(
      authorization({ ...eventV1(), headers: { Authorization: 'Bearer x' }, multiValueHeaders }),
    ).toBe('Bearer x');
});

test('never throws, whatever JSON the event is', () => {
  const value = fc.jsonValue({ maxDepth: 2 });
  const names = fc.constantFrom('Authorization', 'authorization', 'host');
  const event = fc.record(
    {
      headers: fc.oneof(value, fc.dictionary(names, value)),
      multiValueHeaders: fc.oneof(value, fc.dictionary(names, fc.array(value))),
      rawPath: value,
      path: value,
      httpMethod: value,
      requestContext: fc.oneof(value, fc.record({ http: value }, { requiredKeys: [] })),
      body: value,
      isBase64Encoded: value,
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(fc.oneof(event, value, fc.constant(undefined)), (anything) => {
      const { method, path, header, body } = parseRequest(anything);
      for (const text of [method, path, body()]) expect(typeof text).toBe('string');
      expect(['string', 'undefined']).toContain(typeof header('authorization'));
    }),
    { numRuns: 500 },
  );
});
