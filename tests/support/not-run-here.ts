import { readFileSync } from 'node:fs';
import { expect } from '@jest/globals';
import { parseSecrets } from '../../lib/tokens/hmac-keys.ts';
import { readServiceName, readStages } from '../../support/service-file.ts';
import { SECOND_START } from './documents.ts';
import { optionsOfAws } from './fake-aws.ts';

interface Exception {
  readonly why: string;
  /** What can be said of the command without running it. */
  readonly check: (command: string) => Promise<void>;
}

const { name, repository, scripts } = JSON.parse(readFileSync('package.json', 'utf8'));

const packaged: Exception = {
  why: 'it needs an AWS account; tests/repo-checks/console.test.ts packages with the options of all that deploy',
  check: async () =>
    expect(scripts).toMatchObject({ deploy: 'serverless deploy', package: 'serverless package' }),
};

/** The documented commands that no test runs, and what is checked instead. */
export const NOT_RUN_HERE: Readonly<Record<string, Exception>> = {
  'git clone <this repository> && cd true-logout': {
    why: 'the address of the repository is not known here',
    check: async (command) => {
      expect(command).toBe(`git clone <this repository> && cd ${name}`);
      expect(repository).toBeUndefined();
    },
  },
  [SECOND_START]: runBy('tests/e2e/local-gateway.test.ts', 'it waits for Ctrl-C', 'SECOND_START'),
  'npm ci && npm start': {
    why: 'it would remove the packages that tests run on; .ci/run installs so, and another line starts',
    // tests/repo-checks/dependencies.test.ts compares the lock file.
    check: async () =>
      expect(readFileSync('.ci/run', 'utf8')).toMatch(/^step '[^']+' \d+ npm ci\b/m),
  },
  'npm test': {
    why: 'it would run itself without end; .ci/run runs it',
    check: async () =>
      expect(readFileSync('.ci/run', 'utf8')).toMatch(/^ *step '[^']+' \d+ npm test$/m),
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
  'npm run deploy -- --stage dev': packaged,
  'npm run deploy -- --stage dev --param "oauthClientsParameter=/true-logout/dev/oauth-clients"':
    packaged,
  'npm run --silent client -- add gateway --stage dev': runBy(
    'tests/local/client.test.ts',
    'it needs an AWS account',
    "client(['add', 'gateway', '--stage', 'dev'], environment)",
  ),
  'npm run deploy -- --stage dev --param "jwtIssuer=https://login.example.com" --param "authorizerClaims=role groups"':
    packaged,
};

/** Another test runs the command where that is possible. */
function runBy(test: string, why: string, mark: string): Exception {
  return {
    why: `${why}; ${test} runs it`,
    check: async () => expect(readFileSync(test, 'utf8')).toContain(mark),
  };
}
