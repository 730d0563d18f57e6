import { compare, evaluate } from '../../local/rehearsal/compare.ts';
import { rehearse } from '../../local/rehearse.ts';
import { callCommand } from '../support/commands.ts';

const REAL = 'AWS_ENDPOINT_URL names the real AWS: rehearse on another one\n';
test.each([
  ['', 'AWS_ENDPOINT_URL names no AWS to rehearse on, such as a local moto server\n'],
  ['https://cloudformation.cn-north-1.amazonaws.com.cn', REAL],
  ['https://lambda.us-east-1.api.aws', REAL],
])('a rehearsal deploys nothing on %j', async (AWS_ENDPOINT_URL, output) => {
  expect(await callCommand(rehearse, [], { AWS_ENDPOINT_URL })).toEqual({ code: 1, output });
});

describe('the comparison of a deployment with its template', () => {
  const deployment = {
    types: ['AWS::IAM::Role', 'AWS::Lambda::Function'],
    resources: {},
    names: { 'AWS::Region': 'eu-north-1', SessionsTable: 'sessions' },
    attributes: { 'LogoutRole.Arn': 'arn:role' },
  };
  const lambda = (Properties: Readonly<Record<string, unknown>>) => ({
    Logout: { Type: 'AWS::Lambda::Function', Properties },
  });

  test('passes over properties that were not read, and names the types that were not', () => {
    const template = {
      ...lambda({ Role: { 'Fn::GetAtt': ['LogoutRole', 'Arn'] }, Architectures: ['arm64'] }),
      Api: { Type: 'AWS::ApiGatewayV2::Api' },
    };
    const resources = { Logout: { Role: 'arn:role' } };
    expect(compare(template, { ...deployment, resources })).toEqual({
      lines: ['ok   Logout'],
      passed: 1,
      failed: 0,
      unread: ['AWS::ApiGatewayV2::Api'],
    });
  });

  test.each([
    [{ Logout: { Timeout: 3 } }, 'FAIL Logout: Timeout is 3, not 10'],
    [{ Logout: { Timeout: 10, Managed: 'all' } }, 'FAIL Logout: Managed is "all", not undefined'],
    [{}, 'FAIL Logout: not there'],
    [{ Logout: { Timeout: 10 }, Other: {} }, 'FAIL Other: not in the template'],
  ])('fails for %j', (resources, line) => {
    const { lines, failed } = compare(lambda({ Timeout: 10 }), { ...deployment, resources });
    expect({ failed, line: lines.at(-1) }).toEqual({ failed: 1, line });
  });

  test('evaluates references, and refuses a function or a name that it does not know', () => {
    expect(
      evaluate(
        [{ Ref: 'SessionsTable' }, { key: { 'Fn::Sub': 'dynamodb.$' + '{AWS::Region}.test' } }],
        deployment,
      ),
    ).toEqual(['sessions', { key: 'dynamodb.eu-north-1.test' }]);
    expect(() => evaluate({ 'Fn::If': ['A', 1, 2] }, deployment)).toThrow(
      'Fn::If is not evaluated here',
    );
    expect(() => evaluate({ Ref: 'Other' }, deployment)).toThrow('The deployment has no Other');
  });
});
