/**
 * What esbuild does, beyond its options, when it bundles the functions (`custom.esbuild.plugins` in
 * serverless.yml): it leaves out those parts of the AWS SDK that never run in them. They are chosen by
 * configuration files, streams, services and logs that a function does not have, so that no bundler can tell.
 *
 * tests/repo-checks/bundle-size.test.ts holds every line of the table to a file that is there and is left out, and
 * the bundles to their size. The fault matrix and the soak run what is bundled here, as `npm start` does.
 */
import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'esbuild';

/** A module of a package, and what is bundled in its place. */
export interface LeftOut {
  /** The end of the file's path, with slashes. */
  readonly file: string;
  /** The exports that are still wanted, as an ES module's text. All others throw when they are called. */
  readonly instead?: string;
}

const HERE = dirname(fileURLToPath(import.meta.url));
const LIB = join(HERE, '../../lib');

/** In the order of what each saves of the bundle of logout, whose bytes (minified) stand behind it. */
export const leftOut: readonly LeftOut[] = [
  // 110,000: the chain of credential providers. Lambda's role is in the environment.
  {
    file: '@aws-sdk/credential-provider-node/dist-es/index.js',
    instead: `export { defaultProvider } from ${JSON.stringify(join(HERE, 'credentials.ts'))};`,
  },
  // 60,000: operations that stream events, none of which is DynamoDB's or SSM's.
  { file: '@smithy/core/dist-es/submodules/event-streams/index.js' },
  // 33,000: the wire formats of all services. lib/aws/aws-json.ts is the one that the clients are given.
  {
    file: '@aws-sdk/core/dist-es/submodules/protocols/index.js',
    instead: `export { awsJson as AwsJson1_0Protocol, awsJson as AwsJson1_1Protocol } from ${JSON.stringify(join(LIB, 'aws', 'aws-json.ts'))};`,
  },
  {
    file: '@aws-sdk/dynamodb-codec/dist-es/index.js',
    instead: 'export class DynamoDBJsonCodec2 {}',
  },
  // 8,500: endpoint discovery, an opt-in of the time before regional endpoints, with its cache.
  {
    file: '@aws-sdk/middleware-endpoint-discovery/dist-es/index.js',
    instead: `export const resolveEndpointDiscoveryConfig = (config) => config;
export const NODE_ENDPOINT_DISCOVERY_CONFIG_OPTIONS = { environmentVariableSelector() {}, configFileSelector() {} };`,
  },
  // 4,700: what walks the shapes of requests and answers, which lib/aws/aws-json.ts does not. It is still asked for streams.
  {
    file: '@smithy/core/dist-es/submodules/schema/schemas/NormalizedSchema.js',
    instead:
      'export class NormalizedSchema { static of() { return { getEventStreamMember() {} }; } }',
  },
  // 3,700: dates out of answers, of which there is one: the header Retry-After, in RFC 7231's form.
  {
    file: '@smithy/core/dist-es/submodules/serde/date-utils.js',
    instead: 'export const parseRfc7231DateTime = (text) => new Date(text);',
  },
  // 3,700: SHA-256 in JavaScript, for where there is none in Node.
  {
    file: '@smithy/core/dist-es/submodules/checksum/index.js',
    instead: `export { Sha256 } from ${JSON.stringify(join(LIB, 'aws', 'sha256.ts'))};`,
  },
  // 3,400: retries that slow down. The clients ask for standard ones, which lib/shared/timeouts.ts is fitted to.
  {
    file: '@smithy/core/dist-es/submodules/retry/util-retry/AdaptiveRetryStrategy.js',
  },
  // 3,000: the SDK's user agent. lib/aws/aws-json.ts has one.
  {
    file: '@aws-sdk/core/dist-es/submodules/client/middleware-user-agent/user-agent-middleware.js',
    instead: 'export const getUserAgentPlugin = () => ({ applyToStack() {} });',
  },
  {
    file: '@aws-sdk/core/dist-es/submodules/client/util-user-agent-node/defaultUserAgent.js',
    instead: 'export const createDefaultUserAgentProvider = () => async () => [];',
  },
  // 3,000, and two files that are looked for at every cold start: ~/.aws. Lambda has none.
  {
    file: '@smithy/core/dist-es/submodules/config/shared-ini-file-loader/loadSharedConfigFiles.js',
    instead:
      'export const loadSharedConfigFiles = async () => ({ configFile: {}, credentialsFile: {} });',
  },
  // 2,300: the binary format of event streams.
  {
    file: '@smithy/signature-v4/dist-es/HeaderFormatter.js',
    instead: 'export class HeaderFormatter {}',
  },
  // 1,500: the helpers that go through pages, which are made whether they are used or not.
  ...['PaginatedBatchGet', 'QueryPaginator', 'ScanPaginator'].map((name) => ({
    file: `@aws-sdk/lib-dynamodb/dist-es/pagination/${name}.js`,
  })),
  // 1,200: the region by EC2's metadata service. Lambda has AWS_REGION.
  {
    file: '@smithy/core/dist-es/submodules/config/config-resolver/regionConfig/getInstanceMetadataRegion.js',
    instead: 'export const getInstanceMetadataRegion = async () => undefined;',
  },
  // 800: the header that finds loops of queues and functions, in which no table can be.
  {
    file: '@aws-sdk/core/dist-es/submodules/client/middleware-recursion-detection/getRecursionDetectionPlugin.js',
    instead: 'export const getRecursionDetectionPlugin = () => ({ applyToStack() {} });',
  },
  // 800: bucket names.
  {
    file: '@smithy/core/dist-es/submodules/endpoints/middleware-endpoint/service-customizations/index.js',
    instead: 'export const resolveParamsForS3 = async () => {};',
  },
  // 700: the SDK's own log, which is given no logger.
  {
    file: '@aws-sdk/core/dist-es/submodules/client/middleware-logger/loggerMiddleware.js',
    instead: 'export const getLoggerPlugin = () => ({ applyToStack() {} });',
  },
];

/**
 * The exceptions that are told apart by class: by our code, and by the SDK's retries where a class says that
 * it may be tried again. All others have their name, and the base class.
 */
const EXCEPTIONS = ['ConditionalCheckFailedException', 'ReplicatedWriteConflictException'];

/**
 * Makes the SDK's table of an API's shapes one that can be tree-shaken. As it is, every exception is registered
 * as the module loads, and named by a computed key, which might have a side effect: 100,000 bytes.
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

/**
 * What is bundled of a module that is left out: other modules of its package still name all its exports.
 *
 * @param module its text
 */
export function remains({ file, instead = '' }: LeftOut, module: string): string {
  const kept = exportsOf(instead);
  const rest = exportsOf(module).filter((name) => !kept.includes(name));
  return [
    instead,
    ...rest.map(
      (name) =>
        `export const ${name} = function () { throw new Error('${name} is left out of the functions, by infra/bundle/plugins.ts: ${file}'); };`,
    ),
  ].join('\n');
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
    onLoad(
      { filter: /[\\/]node_modules[\\/](@smithy|@aws-sdk)[\\/].*\.(js|json)$/ },
      ({ path }) => {
        const slashed = path.replaceAll('\\', '/');
        const entry = leftOut.find(({ file }) => slashed.endsWith(`/node_modules/${file}`));
        if (entry)
          return {
            contents: remains(entry, readFileSync(path, 'utf8')),
            resolveDir: dirname(path),
          };
        if (basename(path) === 'schemas_0.js')
          return { contents: shakable(readFileSync(path, 'utf8')) };
        // A client reads its own version there, and would bring all the rest with it.
        if (basename(path) === 'package.json') {
          const { version }: { version: string } = JSON.parse(readFileSync(path, 'utf8'));
          return { contents: JSON.stringify({ version }), loader: 'json' };
        }
        return undefined;
      },
    );
  },
};

export default [leaveOut];
