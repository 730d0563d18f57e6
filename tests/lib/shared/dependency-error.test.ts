import { expect, test } from '@jest/globals';
import { DependencyError } from '../../../lib/shared/dependency-error.ts';

class SomeError extends DependencyError {}

const refused = new Error('connect ECONNREFUSED ::1:8000');
test.each<[string, unknown, string]>([
  ['an error', refused, 'connect ECONNREFUSED ::1:8000'],
  ['words', 'the answer is empty', 'the answer is empty'],
  ['a class that says more', new RangeError('no'), 'RangeError: no'],
  ['an error around another', new TypeError('fetch failed', { cause: refused }), refused.message],
  ['the errors of all addresses', new AggregateError([refused, new Error('b')]), refused.message],
  ['no errors of addresses', new AggregateError([]), 'AggregateError'],
  ['nothing', undefined, 'undefined'],
])('the message ends with the innermost cause: %s', (_, cause, expected) => {
  const error = new SomeError('GET https://issuer.example/jwks', cause);
  expect(error.message).toBe(`GET https://issuer.example/jwks failed: ${expected}`);
  expect(error.cause).toBe(cause);
});
