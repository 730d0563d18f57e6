import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkParameters, parametersOf } from '../../infra/parameters.ts';
import ServicePlugin from '../../infra/plugin.ts';
import { findRegion } from '../../infra/region.ts';
import { readService, readStages } from '../../support/service-file.ts';

class FrameworkError extends Error {}
const SECRET = { JWT_SECRET_PARAMETER: '/a/b' };
const TABLE = { SESSIONS_TABLE: 'sessions' };

interface Command {
  readonly name?: string;
  readonly stage?: string;
  readonly param?: readonly string[];
  readonly environment?: Readonly<Record<string, unknown>>;
}

/** Runs a command as far as the plugin has a say in it. */
async function run({
  name = 'package',
  stage = 'dev',
  param = [],
  environment = { ...TABLE, ...SECRET },
}: Command = {}): Promise<void> {
  // The framework resolves these in its own way.
  const text = JSON.stringify(readStages('.'));
  const params = JSON.parse(
    text.replaceAll(/\$\{self:service\}/g, 'orders-auth').replaceAll(/\$\{sls:stage\}/g, stage),
  );
  const { hooks } = new ServicePlugin(
    {
      service: {
        provider: { environment, stage, httpApi: { cors: { allowedOrigins: [] } } },
        custom: { esbuild: {} },
        service: 'true-logout',
        setFunctionNames: () => {},
        functions: { me: {}, authorizer: { environment: { AUTHORIZER_CLAIMS: 'role' } } },
      },
      configurationInput: { params },
      pluginManager: { getPlugins: () => [] },
      processedInput: { commands: [name], options: { param } },
      classes: { Error: FrameworkError },
    },
    {},
  );
  await hooks.initialize?.();
  await hooks['before:package:initialize']?.();
}

/** The message of the framework's error, which has to be one line. */
async function refusal(command: Command): Promise<string> {
  const error = await run(command).then(
    () => new Error('not refused'),
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(FrameworkError);
  const { message } = error as FrameworkError;
  expect(message).not.toContain('\n');
  return message;
}

describe('a deployment’s parameters', () => {
  test.each(['dev', 'prod'])('are right as %s has them', (stage) => run({ stage }));

  test.each([
    ['jwtIsuer=x', 'jwtIssuer'],
    ['JWTISSUER=x', 'jwtIssuer'],
    ['alarmTopic=x', 'alarmTopicArn'],
    ['=x', 'alarms'],
  ])('unknown, are told the nearest name: %s', async (option, name) => {
    expect(await refusal({ param: [option] })).toMatch(
      new RegExp(`^There is no parameter .*: did you mean ${name}\\?$`),
    );
  });

  test('unknown, are found in the file too', () => {
    const stages = { default: { errorDetails: 'full' }, dev: { errorDetail: 'full' } };
    expect(() => parametersOf(stages, 'dev')).toThrow('did you mean errorDetails?');
  });

  test.each([
    ['production', 'prod'],
    ['Dev', 'dev'],
    ['default', 'dev'],
  ])('of a stage that is not in the file, %s, are told the nearest one', async (stage, name) => {
    expect(await refusal({ stage })).toBe(
      `There is no stage ${stage} in stages.yml: did you mean ${name}?`,
    );
  });

  test('on the command line win over the stage’s, and these over the common ones', () => {
    const stages = { default: { a: 1, b: 1, c: 1 }, dev: { b: 2, c: 2 }, live: null };
    expect(parametersOf(stages, 'dev', ['c=3=4'])).toEqual({ a: '1', b: '2', c: '3=4' });
    expect(parametersOf(stages, 'live')).toEqual({ a: '1', b: '1', c: '1' });
  });

  test('with several lines on the command line are refused, as the framework would take the first', async () => {
    expect(await refusal({ param: ['jwtPublicKey=-----BEGIN\nx'] })).toContain('has several lines');
  });

  test.each([
    ['protectTable', 'yes'],
    ['createTable', 'no'],
    ['alarms', '1'],
    ['throttleRate', 'many'],
    ['throttleRate', '0'],
    ['logRetentionDays', '91'],
    ['reservedConcurrency', '-1'],
    ['tableDeletionPolicy', 'retain'],
    ['errorDetails', 'none'],
    ['jwtSecretParameter', 'orders/dev'],
    ['jwtSecretParameter', '/orders/dev/'],
    ['allowedOrigins', 'https://a.example/'],
    ['allowedOrigins', 'a.example'],
    ['allowedOrigins', '*, https://a.example'],
    ['allowedHeaders', 'a b;c'],
    ['pathPrefix', 'auth'],
    ['pathPrefix', '/auth/'],
    ['tableName', 'a table'],
    ['certificateArn', 'arn:aws:iam::1:server-certificate/x'],
    ['vpcSubnetIds', 'sg-1'],
  ])('are checked: %s=%s', async (name, value) => {
    expect(await refusal({ param: [`${name}=${value}`] })).toMatch(
      new RegExp(`^${name} takes .+, and not “`),
    );
  });

  test.each([
    ['jwtSecretParameter', 'secret'],
    ['allowedOrigins', 'https://a.example, http://localhost:5173 capacitor://localhost'],
    ['pathPrefix', '/session'],
    ['throttleRate', '1'],
  ])('are taken: %s=%s', (name, value) => run({ param: [`${name}=${value}`] }));

  test.each([
    [['domainName=auth.example.com']],
    [['certificateArn=arn:aws:acm:eu-west-1:1:certificate/x']],
    [['basePath=auth']],
    [['closeExecuteApi=true']],
    [['vpcSubnetIds=subnet-1']],
  ])('that need another are refused without it: %j', async (param) => {
    expect(await refusal({ param })).toMatch(/domainName|need each other/);
  });

  test('have a check, or a variable that the functions check', () => {
    const { provider } = readService<{ provider: { environment: object } }>('.');
    const variables = [...Object.keys(provider.environment), 'AUTHORIZER_CLAIMS'];
    const unchecked = Object.keys(readStages('.').default ?? {}).filter((name) => {
      const right = parametersOf(readStages('.'), 'dev');
      const variable = name.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
      if (variables.includes(variable)) return false;
      try {
        checkParameters({ ...right, jwtSecretParameter: 'x', tableName: 'xyz', [name]: 'a "b"' });
        return true;
      } catch {
        return false;
      }
    });
    expect(unchecked).toEqual([]);
  });
});

describe('the functions’ variables', () => {
  test('are taken where the functions take them', () =>
    run({ environment: { ...TABLE, ...SECRET, JWT_PUBLIC_KEY: '', JWT_JWKS_URL: '' } }));

  // tests/lib/auth/config.test.ts has what they refuse.
  test('are refused by name before they are deployed', async () => {
    const environment = { ...TABLE, ...SECRET, JWT_ALGORITHMS: 'none' };
    expect(await refusal({ environment })).toMatch(/^Wrong parameter: JWT_ALGORITHMS /);
  });

  test('have room in what Lambda takes, to the byte', async () => {
    const salt = { LOG_SALT: { Ref: 'AWS::StackId' } };
    const sized = (length: number) => ({
      ...TABLE,
      ...SECRET,
      ...salt,
      JWT_ISSUER: 'i'.repeat(length),
    });
    const claims = { AUTHORIZER_CLAIMS: 'role' };
    const rest = JSON.stringify({ ...sized(0), LOG_SALT: 'x'.repeat(200), ...claims }).length;
    await run({ environment: sized(4_096 - rest) });
    expect(await refusal({ environment: sized(4_097 - rest) })).toBe(
      'the variables of authorizer have 4097 bytes, and Lambda takes 4096; a JWKS URL is shorter than a JWKS',
    );
  });
});

describe('the region', () => {
  const before = process.env;
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'aws-'));
    const config = join(folder, 'config');
    writeFileSync(config, '[default]\nregion = eu-west-3\n[profile work]\nregion = eu-north-1\n');
    process.env = { ...before, AWS_CONFIG_FILE: config, AWS_SHARED_CREDENTIALS_FILE: config };
    for (const name of ['AWS_REGION', 'AWS_DEFAULT_REGION', 'AWS_PROFILE'])
      delete process.env[name];
  });
  afterEach(() => {
    process.env = before;
    rmSync(folder, { recursive: true });
  });

  test.each([
    ['sa-east-1', { AWS_REGION: 'eu-west-1', AWS_DEFAULT_REGION: 'eu-west-2' }, 'sa-east-1'],
    [undefined, { AWS_REGION: 'eu-west-1', AWS_DEFAULT_REGION: 'eu-west-2' }, 'eu-west-1'],
    [undefined, { AWS_REGION: '', AWS_DEFAULT_REGION: 'eu-west-2' }, 'eu-west-2'],
    [undefined, { AWS_PROFILE: 'work' }, 'eu-north-1'],
    [undefined, {}, 'eu-west-3'],
    [undefined, { AWS_CONFIG_FILE: '/nowhere', AWS_SHARED_CREDENTIALS_FILE: '/nowhere' }, ''],
  ])('of option %s and variables %j', async (option, variables, region) => {
    Object.assign(process.env, variables);
    expect(await findRegion(option)).toBe(region);
  });

  test('has no default: a deployment names one', async () => {
    Object.assign(process.env, { AWS_CONFIG_FILE: '/no', AWS_SHARED_CREDENTIALS_FILE: '/no' });
    for (const name of ['deploy', 'remove', 'info'])
      expect(await refusal({ name })).toMatch(/^No region: give --region/);
    await run({ name: 'package' });
  });
});
