import { compare, evaluate } from '../../local/rehearsal/compare.ts';
import { runCommand } from '../support/commands.ts';

const rehearse = (environment: Readonly<Record<string, string>>) =>
  runCommand(process.execPath, ['local/rehearse.ts'], environment);

test('a rehearsal without an AWS to rehearse on deploys nothing', async () => {
  const { code, output } = await rehearse({ AWS_ENDPOINT_URL: '' });
  expect(output).toBe(
    'AWS_ENDPOINT_URL names no AWS to rehearse on, such as a local moto server\n',
  );
  expect(code).toBe(1);
});

test.each([
  'https://cloudformation.us-east-1.amazonaws.com',
  'https://cloudformation.cn-north-1.amazonaws.com.cn',
  'https://lambda.us-east-1.api.aws',
])('a rehearsal on the real AWS is refused: %s', async (AWS_ENDPOINT_URL) => {
  const { code, output } = await rehearse({ AWS_ENDPOINT_URL });
  expect(output).toBe('AWS_ENDPOINT_URL names the real AWS: rehearse on another one\n');
  expect(code).toBe(1);
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
    ['another value', { Logout: { Timeout: 3 } }, ['FAIL Logout: Timeout is 3, not 10']],
    [
      'a property beside the template',
      { Logout: { Timeout: 10, ManagedPolicyArns: ['all'] } },
      ['FAIL Logout: ManagedPolicyArns is ["all"], not undefined'],
    ],
    ['a missing resource', {}, ['FAIL Logout: not there']],
    [
      'a resource beside the template',
      { Logout: { Timeout: 10 }, Other: {} },
      ['ok   Logout', 'FAIL Other: not in the template'],
    ],
  ])('fails for %s', (_, resources, lines) => {
    const result = compare(lambda({ Timeout: 10 }), { ...deployment, resources });
    expect(result).toMatchObject({ lines, failed: 1 });
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
