import { hash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { parseClients } from '../../lib/oauth/clients.ts';
import { manageClients } from '../../local/client.ts';
import { callCommand, runCommand } from '../support/commands.ts';
import { type FakeStage, startFakeStage } from '../support/fake-aws.ts';
import { type FakeSsm, startFakeSsm } from '../support/fake-ssm.ts';

const AWS = {
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
};
const SECRET = /^client_secret=([\w-]{43})$/m;

const client = (args: readonly string[], environment: Readonly<Record<string, string>> = {}) =>
  callCommand(manageClients, args, { ...AWS, ...environment });

/** The secret that a command has printed; it has to be there once. */
function secretIn(output: string): string {
  const [, secret = ''] = SECRET.exec(output) ?? [];
  expect(output.split(secret)).toHaveLength(2);
  return secret;
}

describe('of the local run', () => {
  /** What the shell makes of the printed line. */
  async function exported(output: string): Promise<string> {
    const line = /export OAUTH_CLIENTS=.*?(?=; npm start$)/m.exec(output)?.[0];
    const shown = await runCommand('sh', ['-c', `${line}; printf %s "$OAUTH_CLIENTS"`]);
    return shown.output;
  }

  test('a client is added, rotated twice and removed by what the shell is told', async () => {
    const id = "o'gateway";
    const added = await client(['add', id]);
    expect(added.code).toBe(0);
    const first = hash('sha256', secretIn(added.output));
    const OAUTH_CLIENTS = await exported(added.output);
    expect(parseClients(OAUTH_CLIENTS, '')).toEqual(new Map([[id, [first]]]));

    const rotated = await client(['rotate', id], { OAUTH_CLIENTS });
    const second = hash('sha256', secretIn(rotated.output));
    const both = await exported(rotated.output);
    expect(parseClients(both, '')).toEqual(new Map([[id, [first, second]]]));
    expect((await client(['list'], { OAUTH_CLIENTS: both })).output).toBe(
      `${id}  (two secrets: a rotation)\n`,
    );

    const again = await client(['rotate', id], { OAUTH_CLIENTS: both });
    const third = hash('sha256', secretIn(again.output));
    const last = await exported(again.output);
    expect(parseClients(last, '')).toEqual(new Map([[id, [second, third]]]));

    const removed = await client(['remove', id], { OAUTH_CLIENTS: last });
    expect(await exported(removed.output)).toBe('{}');
  });

  test.each([
    [['rotate', 'nobody'], 'There is no client nobody'],
    [['remove', 'nobody'], 'There is no client nobody'],
    [['add'], 'Name the client'],
    [['invent', 'gateway'], 'Manages the OAuth clients'],
    [['list', 'a', 'b'], 'Manages the OAuth clients'],
  ])('%j is told in words, and makes no secret', async (args, words) => {
    const { code, output } = await client(args);
    expect(code).toBe(1);
    expect(output).toContain(words);
    expect(output).not.toMatch(SECRET);
  });
});

describe('of a stage', () => {
  const PARAMETER = '/true-logout/dev/oauth-clients';
  let ssm: FakeSsm;
  const stages: FakeStage[] = [];
  let environment: Readonly<Record<string, string>>;
  let bare: Readonly<Record<string, string>>;
  beforeAll(async () => {
    ssm = await startFakeSsm();
    const variables = { OAUTH_CLIENTS_PARAMETER: PARAMETER };
    const deployed = await startFakeStage('dev', variables, () => []);
    const without = await startFakeStage('dev', {}, () => []);
    stages.push(deployed, without);
    environment = {
      AWS_ENDPOINT_URL_SSM: ssm.endpoint,
      AWS_ENDPOINT_URL_LAMBDA: deployed.endpoint,
    };
    bare = { ...environment, AWS_ENDPOINT_URL_LAMBDA: without.endpoint };
  });
  beforeEach(() => {
    ssm.fault = undefined;
    ssm.parameters.clear();
    ssm.requests.length = 0;
  });
  afterAll(async () => {
    await ssm.close();
    for (const stage of stages) await stage.close();
  });

  const stored = () => Object.fromEntries(parseClients(ssm.parameters.get(PARAMETER) ?? '', ''));

  test('the first client makes the parameter, and the last leaves it empty', async () => {
    const added = await client(
      ['add', 'gateway', '--stage', 'dev', '--key', 'alias/own'],
      environment,
    );
    const secret = secretIn(added.output);
    expect(stored()).toEqual({ gateway: [hash('sha256', secret)] });
    expect(ssm.requests.at(-1)).toMatchObject({
      target: 'AmazonSSM.PutParameter',
      ...{ Type: 'SecureString', Overwrite: true, KeyId: 'alias/own' },
    });
    expect(JSON.stringify(ssm.requests)).not.toContain(secret);

    const rotated = await client(['rotate', 'gateway', '--stage', 'dev'], environment);
    const hashes = [secret, secretIn(rotated.output)].map((text) => hash('sha256', text));
    expect(stored()).toEqual({ gateway: hashes });
    await client(['add', 'apache', '--stage', 'dev'], environment);
    expect((await client(['list', '--stage', 'dev'], environment)).output).toContain('apache\n');

    for (const id of ['gateway', 'apache'])
      expect(await client(['remove', id, '--stage', 'dev'], environment)).toMatchObject({
        code: 0,
      });
    expect(ssm.parameters.get(PARAMETER)).toBe('{}');
  });

  test('one that is there is not added again', async () => {
    await client(['add', 'gateway', '--stage', 'dev'], environment);
    const before = stored();
    const again = await client(['add', 'gateway', '--stage', 'dev'], environment);
    expect(again).toMatchObject({ code: 1, output: expect.stringContaining('rotate its secret') });
    expect(stored()).toEqual(before);
  });

  test('no secret is printed whose hash could not be stored', async () => {
    ssm.fault = 'AccessDeniedException';
    const { code, output } = await client(['add', 'gateway', '--stage', 'dev'], environment);
    expect(code).toBe(1);
    expect(output).not.toMatch(SECRET);
  });

  test('a stage without the parameter is told how to get one', async () => {
    const { code, output } = await client(['add', 'gateway', '--stage', 'dev'], bare);
    expect(code).toBe(1);
    expect(output).toContain('--param "oauthClientsParameter=/true-logout/dev/oauth-clients"');
  });
});
