import { describe, expect, test } from '@jest/globals';
import { parseScope } from '../../handlers/logout.ts';
import { parseRequest } from '../../lib/http/request.ts';
import { FORMATS } from '../support/events.ts';

describe.each(FORMATS)('payload format %s', (_, request) => {
  const scopeOf = (query: Record<string, string | string[]>) =>
    parseScope(parseRequest(request({ method: 'POST', path: '/api/v1/auth/logout', query })));

  test('is `this` where no scope is given', () => {
    expect(scopeOf({})).toBe('this');
    expect(scopeOf({ Scope: 'everywhere', scopes: 'others' })).toBe('this');
  });

  test.each(['this', 'others', 'everywhere'])('takes %s', (scope) => {
    expect(scopeOf({ scope })).toBe(scope);
  });

  test.each([
    ['empty', ''],
    ['unknown', 'all'],
    ['in capitals', 'Everywhere'],
    ['with a space', 'everywhere '],
    ['a name that every object has', 'constructor'],
    ['two in one', 'this,others'],
    ['the same twice', ['everywhere', 'everywhere']],
    ['two different ones', ['this', 'everywhere']],
  ])('refuses one that is %s, naming the three', (_name, scope) => {
    expect(() => scopeOf({ scope })).toThrow(
      expect.objectContaining({
        statusCode: 422,
        message: '{"detail":"scope must be one of this, others, everywhere"}',
      }),
    );
  });
});
