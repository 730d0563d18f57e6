/**
 * What esbuild leaves out of the functions' bundles (`custom.esbuild.plugins` in serverless.yml): parts
 * of the AWS SDK that never run in them, but that no bundler can recognize. tests/repo-checks/
 * bundle-size.test.ts checks that each rule applies, and the size of the bundles.
 */
import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'esbuild';

/** Modules of packages, and the text that is bundled in their place. */
export interface Replacement {
  /** Ends of the files' paths, with slashes. */
  readonly files: readonly string[];
  /** The exports that are still used, as an ES module. All others throw when called. */
  readonly instead: string;
}

const HERE = dirname(fileURLToPath(import.meta.url));
const AWS_JSON = JSON.stringify(join(HERE, '../../lib/aws/aws-json.ts'));
const SHA256 = JSON.stringify(join(HERE, '../../lib/aws/sha256.ts'));
const CREDENTIALS = JSON.stringify(join(HERE, 'credentials.ts'));

/** With the bytes (minified) that each saves in the bundle of logout. */
export const replacements: readonly Replacement[] = [
  // 110,000: the chain of credential providers. Lambda's role is in the environment.
  {
    files: ['@aws-sdk/credential-provider-node/dist-es/index.js'],
    instead: `export { defaultProvider } from ${CREDENTIALS};`,
  },
  // 33,000: the wire formats of all services. The clients use lib/aws/aws-json.ts.
  {
    files: ['@aws-sdk/core/dist-es/submodules/protocols/index.js'],
    instead: `export { awsJson as AwsJson1_0Protocol, awsJson as AwsJson1_1Protocol } from ${AWS_JSON};`,
  },
  // 6,000: event streams and a codec, which lib/aws/aws-json.ts does not need.
  {
    files: [
      '@aws-sdk/dynamodb-codec/dist-es/index.js',
      '@smithy/core/dist-es/submodules/event-streams/index.js',
    ],
    instead: 'export class DynamoDBJsonCodec2 {}',
  },
  // 8,500: endpoint discovery, an opt-in from before regional endpoints.
  {
    files: ['@aws-sdk/middleware-endpoint-discovery/dist-es/index.js'],
    instead: `export const resolveEndpointDiscoveryConfig = (config) => config;
export const NODE_ENDPOINT_DISCOVERY_CONFIG_OPTIONS = { environmentVariableSelector() {}, configFileSelector() {} };`,
  },
  // 3,300: SHA-256 in JavaScript, for platforms without Node.
  {
    files: ['@smithy/core/dist-es/submodules/checksum/index.js'],
    instead: `export { Sha256 } from ${SHA256};`,
  },
  // 3,000, and two files in ~/.aws that are looked for at every cold start.
  {
    files: [
      '@smithy/core/dist-es/submodules/config/shared-ini-file-loader/loadSharedConfigFiles.js',
    ],
    instead:
      'export const loadSharedConfigFiles = async () => ({ configFile: {}, credentialsFile: {} });',
  },
];

/** Exceptions that our code or the SDK's retries tell apart by class. All others have the base class. */
const EXCEPTIONS = ['ConditionalCheckFailedException', 'ReplicatedWriteConflictException'];

/**
 * Makes a client's table of API shapes tree-shakable: computed keys and registrations at load time keep
 * all shapes, 82,000 bytes.
 *
 * @param schemas the text of a client's `schemas_0.js`
 */
export function shakable(schemas: string): string {
  const texts = new Map(
    [...schemas.matchAll(/^const (_\w+) = ("[^"]*");$/gm)].map(([, name, text]) => [name, text]),
  );
  return schemas
    .replaceAll(/\[(_\w+)\]:/g, (key, name: string) => {
      const text = texts.get(name);
      return text === undefined ? key : `${text}:`;
    })
    .replaceAll(/^n\d+_registry\.registerError\((\w+)\$, .*\);$/gm, (line, name: string) =>
      EXCEPTIONS.includes(name) ? line : '',
    );
}

/** The text bundled for a replaced module. Other modules still import its other exports by name. */
export function replaced({ instead }: Replacement, file: string, module: string): string {
  const kept = exportsOf(instead);
  const rest = exportsOf(module).filter((name) => !kept.includes(name));
  const throwing = (name: string) =>
    `export const ${name} = function () { throw new Error('${name} is left out of the functions, by infra/bundle/plugins.ts: ${file}'); };`;
  return [instead, ...rest.map(throwing)].join('\n');
}

function exportsOf(module: string): readonly string[] {
  const declared = module.matchAll(
    /^export (?:async )?(?:const|var|let|function|class)\b\*? (\w+)/gm,
  );
  const listed = module.matchAll(/^export \{([^}]*)\}/gm);
  return [
    ...[...declared].map(([, name = '']) => name),
    ...[...listed].flatMap(([, names = '']) =>
      names.split(',').flatMap((name) => name.trim().split(' as ').at(-1) || []),
    ),
  ];
}

const leaveOut: Plugin = {
  name: 'leave-out',
  setup({ onLoad }) {
    const filter = /[\\/]node_modules[\\/](@smithy|@aws-sdk)[\\/].*\.js$/;
    onLoad({ filter }, ({ path }) => {
      const slashed = path.replaceAll('\\', '/');
      const file = slashed.slice(slashed.lastIndexOf('/node_modules/') + '/node_modules/'.length);
      const rule = replacements.find(({ files }) => files.includes(file));
      const text = () => readFileSync(path, 'utf8');
      if (rule) return { contents: replaced(rule, file, text()), resolveDir: dirname(path) };
      if (basename(path) === 'schemas_0.js') return { contents: shakable(text()) };
      return undefined;
    });
  },
};

export default [leaveOut];
