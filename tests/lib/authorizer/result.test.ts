import { describe, expect, test } from '@jest/globals';
import { allow, authorizerContext, deny } from '../../../lib/authorizer/result.ts';
import type { Session } from '../../../lib/sessions/session.ts';

const session: Session = {
  sub: 'alice',
  jti: 'j1',
  sid: 's1',
  auth_time: 1_767_225_600_000,
  expires_at: 1_767_229_200,
};

describe('the context', () => {
  const contextOf = (claims: Record<string, unknown>, names: readonly string[]) =>
    authorizerContext({ claims, session }, names);
  const keys = { sub: 'alice', jti: 'j1' };

  test('holds the subject and the token id where no claim is named', () => {
    expect(contextOf({ role: 'admin' }, [])).toEqual(keys);
  });

  test.each<[unknown, string]>([
    ['text', 'text'],
    ['', ''],
    [true, 'true'],
    [0, '0'],
    [null, 'null'],
    [['a', 'b'], '["a","b"]'],
    [{ a: { b: 1 } }, '{"a":{"b":1}}'],
  ])('holds the claim %j as the string %j', (value, expected) => {
    expect(contextOf({ claim: value }, ['claim'])).toEqual({ ...keys, claim: expected });
  });

  test('leaves out a claim that the token does not carry, also one that every object has', () => {
    const names = ['absent', 'toString', '__proto__', 'constructor'];
    expect(contextOf({}, names)).toEqual(keys);
  });

  test('is the session’s own subject and token id, whatever the claims of those names say', () => {
    expect(contextOf({ sub: 'mallory', jti: 'another' }, ['sub', 'jti'])).toEqual(keys);
  });
});

/** IAM's `*` stands for any characters, slashes included. */
function covers(resource: string, arn: string): boolean {
  const pattern = resource
    .split('*')
    .map((text) => text.replaceAll(/[.$]/g, '\\$&'))
    .join('.*');
  return new RegExp(`^${pattern}$`).test(arn);
}

describe('a policy', () => {
  const stageArn = 'arn:aws:execute-api:us-east-1:123456789012:api1/prod';
  const answer = allow({ kind: 'policy', stageArn }, { sub: 'alice', jti: 'j1' });
  const [statement] = 'policyDocument' in answer ? answer.policyDocument.Statement : [];
  const resource = statement && 'Resource' in statement ? String(statement.Resource) : '';

  test.each(['GET/', 'GET/notes', 'POST/notes/1/comments', 'DELETE/a*b', '$connect'])(
    'allows %s of the stage, so that a cached one does not deny another call of the same token',
    (method) => expect(covers(resource, `${stageArn}/${method}`)).toBe(true),
  );

  test.each([
    'arn:aws:execute-api:us-east-1:123456789012:api1/prod2/GET/notes',
    'arn:aws:execute-api:us-east-1:123456789012:api1/dev/GET/notes',
    'arn:aws:execute-api:us-east-1:123456789012:api2/prod/GET/notes',
    'arn:aws:execute-api:us-east-1:210987654321:api1/prod/GET/notes',
    'arn:aws:execute-api:eu-west-1:123456789012:api1/prod/GET/notes',
    'arn:aws:execute-api:us-east-1:123456789012:api1/prod',
  ])('does not reach %s', (arn) => expect(covers(resource, arn)).toBe(false));
});

test('API Gateway has no result for a denial', () => {
  expect(deny({ kind: 'simple' })).toBeNull();
  expect(
    deny({ kind: 'policy', stageArn: 'arn:aws:execute-api:us-east-1:1:api1/prod' }),
  ).toBeNull();
});

test('a denial for AppSync is a result that is not cached', () => {
  expect(deny({ kind: 'appsync' })).toEqual({ isAuthorized: false, ttlOverride: 0 });
});
