import { checker } from '../../local/rehearsal/checks.ts';
import { runCommand } from '../support/commands.ts';

const rehearse = (environment: Readonly<Record<string, string>>, ...args: readonly string[]) =>
  runCommand(process.execPath, ['local/rehearse.ts', ...args], environment);

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

test('a rehearsal of a stage that it knows nothing of is refused', async () => {
  const { code, output } = await rehearse({}, '--stage', 'staging');
  expect(output).toBe('--stage takes one of dev, prod\n');
  expect(code).toBe(1);
});

test('a difference fails a check, and the line has both sides', () => {
  const lines: string[] = [];
  const { check, counts } = checker((line) => lines.push(line));
  check('same', { one: [1] }, { one: [1] });
  check('other', ['a', 'b'], ['a']);
  check('missing', undefined, 'there');
  expect(lines).toEqual([
    'ok   same',
    'FAIL other: ["a","b"], not ["a"]',
    'FAIL missing: undefined, not "there"',
  ]);
  expect(counts).toEqual({ passed: 1, failed: 2 });
});
