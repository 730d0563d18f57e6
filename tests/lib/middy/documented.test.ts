/** docs/middleware.md and examples/middy-api, beside the deployment that they go with. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { handler as notes } from '../../../examples/middy-api/handlers/notes.ts';
import { handler as authorizer } from '../../../handlers/authorizer.ts';
import { handler as logout } from '../../../handlers/logout.ts';
import { functionTable } from '../../../infra/functions.ts';
import { role } from '../../../infra/permissions.ts';
import { environmentOf, NAMES } from '../../../lib/middy/options.ts';
import { authorizerForms } from '../../support/authorizer-events.ts';
import { runCommand } from '../../support/commands.ts';
import { codeBlocks, sectionOf } from '../../support/documents.ts';
import { eventV2 } from '../../support/events.ts';
import { configureFunction, invoke, lambdaContext } from '../../support/lambda.ts';
import { useLog } from '../../support/log.ts';
import { issueTestSession } from '../../support/signing.ts';
import { useTestStore } from '../../support/store.ts';

const store = useTestStore();
useLog();
beforeEach(() => configureFunction(store));

interface Statement {
  readonly Action: string | readonly string[];
  readonly Condition?: object;
}

const own = ({ Action }: Statement) => !/^(logs|xray):/.test([Action].flat().join());
const bare = (statements: readonly Statement[]) =>
  statements.filter(own).map(({ Action, Condition }) => ({ Action: [Action].flat(), Condition }));

/** What the role of the authorizer may do, beside its log and its trace. */
function permissions(switches: Readonly<Record<string, string>>) {
  const { authorizer: entry = {} } = functionTable;
  const { Policies } = role({ ...entry, name: 'authorizer' } as never, switches).Properties;
  const [{ PolicyDocument } = { PolicyDocument: { Statement: [] } }] = Policies;
  return bare(PolicyDocument.Statement as unknown as readonly Statement[]);
}

describe('the permissions', () => {
  const [yaml = '', ...others] = codeBlocks('docs/middleware.md', 'yaml');
  const documented = bare(parse(yaml));
  const [check, secret, adopt, limit, touch] = documented;
  const secretParameter = { jwtSecretParameter: '/secret' };

  test('of docs/middleware.md are those of the authorizer, setting by setting', () => {
    expect(others).toEqual([]);
    expect(documented).toHaveLength(5);
    expect(permissions({ jwtJwksUrl: 'https://id.example.com' })).toEqual([check]);
    expect(permissions(secretParameter)).toEqual([check, secret]);
    expect(permissions({ ...secretParameter, idleTimeout: '600' })).toEqual([check, touch, secret]);
    const adopted = { jwtJwksUrl: 'https://id.example.com', sessions: 'adopted' };
    const merged = (...statements: (typeof check)[]) => [
      { Action: statements.flatMap((each) => each?.Action ?? []), Condition: undefined },
    ];
    expect(permissions(adopted)).toEqual(merged(check, adopt));
    expect(permissions({ ...adopted, maxSessions: '5' })).toEqual(merged(check, adopt, limit));
  });

  test('of the example are those of registered sessions with a secret', () => {
    const service = parse(readFileSync('examples/middy-api/serverless.yml', 'utf8'), {
      logLevel: 'silent',
    });
    expect(bare(service.provider.iam.role.statements)).toEqual([check, secret]);
  });
});

test('the settings of docs/middleware.md are the options, each beside its variable', () => {
  const rows = sectionOf('docs/middleware.md', 'Settings').matchAll(
    /^\| (`[a-z].*?) \| (.*) \|$/gm,
  );
  const documented = [...rows].flatMap(([, options = '', variables = '']) => {
    const names = [...variables.matchAll(/`([A-Z_]{6,})`/g)].map(([, name]) => name);
    return [...options.matchAll(/`(\w+)`/g)].map(([, option = ''], index) => [
      option,
      names[index],
    ]);
  });
  expect(documented.map(([option]) => option).sort()).toEqual([...NAMES].sort());
  for (const [option = '', variable = ''] of documented)
    expect(environmentOf({ [option]: 'its value' })).toMatchObject({ [variable]: 'its value' });
});

test('the code of docs/middleware.md lets a session in, and nobody else', async () => {
  const [code = '', ...others] = codeBlocks('docs/middleware.md', 'ts');
  expect(others).toEqual([]);
  const { token } = await issueTestSession(store);
  // Inside the project, as it imports the project by its name.
  mkdirSync('.local', { recursive: true });
  const folder = mkdtempSync(join('.local', 'snippet-'));
  try {
    const call = (headers: object) =>
      `await handler(${JSON.stringify({ headers })} as never, {} as never)`;
    const calls = [{ authorization: `Bearer ${token}` }, {}].map(call).join(', ');
    writeFileSync(join(folder, 'api.ts'), `${code}\nconsole.log(JSON.stringify([${calls}]));\n`);
    const { code: exit, output } = await runCommand(process.execPath, [join(folder, 'api.ts')]);
    expect({ exit, answers: output.split('\n').find((line) => line.startsWith('[')) }).toEqual({
      exit: 0,
      answers: expect.stringMatching(
        /^\[\{"statusCode":200,"body":"Hello, alice"\},\{"statusCode":403,/,
      ),
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a token that was logged out is refused by both ways of guarding an API', async () => {
  const { token } = await issueTestSession(store);
  const guard = async () => {
    const event = authorizerForms[0]?.event(`Bearer ${token}`);
    return authorizer(event as never, lambdaContext());
  };
  const api = async () => invoke(notes as unknown as typeof logout, eventV2({ token }));
  await expect(guard()).resolves.toBeInstanceOf(Object);
  expect(await api()).toMatchObject({
    ...{ statusCode: 200, body: '{"sub":"alice","notes":["A note of alice"]}' },
  });
  expect((await invoke(logout, eventV2({ token }))).statusCode).toBe(200);
  await expect(guard()).rejects.toThrow('Unauthorized');
  expect((await api()).statusCode).toBe(401);
});
