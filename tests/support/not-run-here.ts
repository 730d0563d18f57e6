import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { parseSecrets } from '../../lib/tokens/hmac-keys.ts';
import { readServiceName, readStages } from '../../support/service-file.ts';
import { runCommand } from './commands.ts';
import { optionsOfAws } from './fake-aws.ts';
import { withProjectCopy } from './project-copy.ts';

interface Exception {
  readonly why: string;
  /** What can be said of the command without running it. */
  readonly check: (command: string) => Promise<void>;
}

const { name, repository, scripts } = JSON.parse(readFileSync('package.json', 'utf8'));

const SCRIPTS = { deploy: 'serverless deploy', package: 'serverless package' };

/** The documented commands that no test runs, and what is checked instead. */
export const NOT_RUN_HERE: Readonly<Record<string, Exception>> = {
  'git clone <this repository> && cd true-logout': {
    why: 'the address of the repository is not known here',
    check: async (command) => {
      expect(command).toBe(`git clone <this repository> && cd ${name}`);
      expect(repository).toBeUndefined();
    },
  },
  'npm ci && npm start': {
    why: 'it would remove the packages that tests run on; .ci/run installs so, and another line starts',
    // tests/repo-checks/dependencies.test.ts compares the lock file.
    check: async () =>
      expect(readFileSync('.ci/run', 'utf8')).toMatch(/^step '[^']+' \d+ npm ci\b/m),
  },
  'npm test': {
    why: 'it would run itself without end; .ci/run runs it',
    check: async (command) => {
      expect(readFileSync('.ci/run', 'utf8')).toMatch(/^ *step '[^']+' \d+ npm test$/m);
      const listed = await runCommand('bash', ['-c', `${command} -- --listTests`]);
      expect(listed.output).toContain('tests/e2e/documented-commands.test.ts\n');
    },
  },
  'aws ssm put-parameter --type SecureString --name /true-logout/dev/jwt-secret --value "$(openssl rand -base64 48)"':
    {
      why: 'it needs an AWS account',
      check: async (command) => {
        const name = String(readStages('.').default?.jwtSecretParameter)
          .replaceAll(`\${self:service}`, readServiceName('.'))
          .replaceAll(`\${sls:stage}`, 'dev');
        const options = optionsOfAws(command);
        expect(options.get('--name')).toBe(name);
        expect(options.get('--type')).toBe('SecureString');
        expect(parseSecrets(options.get('--value') ?? '', 'JWT_SECRET_PARAMETER')).toHaveLength(1);
      },
    },
  'npm run deploy -- --stage dev': {
    why: 'it needs an AWS account; tests/repo-checks/console.test.ts packages with the same defaults',
    check: async () => expect(scripts).toMatchObject(SCRIPTS),
  },
  'npm run deploy -- --stage dev --param "oauthClientsParameter=/true-logout/dev/oauth-clients"':
    deployment({ OAUTH_CLIENTS_PARAMETER: '/true-logout/dev/oauth-clients' }),
  'npm run --silent client -- add gateway --stage dev': {
    why: 'it needs an AWS account; tests/local/client.test.ts runs it with one on loopback',
    check: async () =>
      expect(readFileSync('tests/local/client.test.ts', 'utf8')).toContain(
        "client(['add', 'gateway', '--stage', 'dev'], environment)",
      ),
  },
  'npm run deploy -- --stage dev --param "jwtIssuer=https://login.example.com" --param "authorizerClaims=role groups"':
    deployment({ JWT_ISSUER: 'https://login.example.com', AUTHORIZER_CLAIMS: 'role groups' }),
};

/** Packages with the same options, and looks at what would be deployed. */
function deployment(variables: Readonly<Record<string, string>>): Exception {
  return {
    why: 'it needs an AWS account; .ci/run deploys to one on loopback where there is one',
    check: (command) =>
      withProjectCopy(async (folder) => {
        expect(scripts).toMatchObject(SCRIPTS);
        const options = command.replace(/^npm run deploy(?: --)?/, '');
        const packaged = await runCommand('bash', [
          ...['-c', `cd "$0" && npm run package -- ${options} --package out`, folder],
        ]);
        expect(packaged).toMatchObject({ code: 0 });
        const template = readFileSync(
          join(folder, 'out/cloudformation-template-update-stack.json'),
          'utf8',
        );
        const { AuthorizerLambdaFunction, SessionsTable } = JSON.parse(template).Resources;
        expect(AuthorizerLambdaFunction.Properties.Environment.Variables).toMatchObject(variables);
        expect(SessionsTable.Properties.TableName).toBe('true-logout-dev-sessions');
      }),
  };
}
