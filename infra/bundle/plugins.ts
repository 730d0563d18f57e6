/**
 * Leaves parts of the AWS SDK out of the functions' bundles (`custom.esbuild.plugins` in serverless.yml):
 * they never run, but no bundler can recognize them. tests/repo-checks/bundle-size.test.ts checks the
 * size of the bundles, and that each rule applies.
 */
import { readFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'esbuild';

const reexport = (names: string, path: string) =>
  `export { ${names} } from ${JSON.stringify(fileURLToPath(new URL(path, import.meta.url)))};`;

/**
 * Modules by the end of their path, and the text bundled in place of each: an ES module with the
 * exports still used. All others throw when called. With the bytes (minified) saved in logout.
 */
export const replacements: Readonly<Record<string, string>> = {
  // 110,000: the chain of credential providers. Lambda's role is in the environment.
  '@aws-sdk/credential-provider-node/dist-es/index.js': reexport(
    'defaultProvider',
    'credentials.ts',
  ),
  // 33,000: the wire formats of all services. The clients use lib/aws/aws-json.ts.
  '@aws-sdk/core/dist-es/submodules/protocols/index.js': reexport(
    'awsJson as AwsJson1_0Protocol, awsJson as AwsJson1_1Protocol',
    '../../lib/aws/aws-json.ts',
  ),
  // 2,400 and 3,600: a codec and event streams, which lib/aws/aws-json.ts does not need.
  '@aws-sdk/dynamodb-codec/dist-es/index.js': 'export class DynamoDBJsonCodec2 {}',
  '@smithy/core/dist-es/submodules/event-streams/index.js': '',
  // 8,500: endpoint discovery, an opt-in from before regional endpoints.
  '@aws-sdk/middleware-endpoint-discovery/dist-es/index.js': `
export const resolveEndpointDiscoveryConfig = (config) => config;
export const NODE_ENDPOINT_DISCOVERY_CONFIG_OPTIONS = { environmentVariableSelector() {}, configFileSelector() {} };`,
  // 3,300: SHA-256 in JavaScript, for platforms without Node.
  '@smithy/core/dist-es/submodules/checksum/index.js': reexport(
    'Sha256',
    '../../lib/aws/sha256.ts',
  ),
  // 3,000, and two files in ~/.aws that are looked for at every cold start.
  '@smithy/core/dist-es/submodules/config/shared-ini-file-loader/loadSharedConfigFiles.js':
    'export const loadSharedConfigFiles = async () => ({ configFile: {}, credentialsFile: {} });',
};

/** Exceptions that our code or the SDK's retries tell apart by class. All others have the base class. */
const EXCEPTIONS = ['ConditionalCheckFailedException', 'ReplicatedWriteConflictException'];

/**
 * Makes a client's table of API shapes tree-shakable: computed keys and registrations at load time keep
 * all shapes, 82,000 bytes. Operations lose the shapes of their input and output, which
 * lib/aws/aws-json.ts does not read.
 *
 * @param schemas the text of a client's `schemas_0.js`
 */
export function shakable(schemas: string): string {
  const constants = [...schemas.matchAll(/^const (_\w+) = ("[^"]*");$/gm)];
  const keys = new Map(constants.map(([, name, text]) => [name, `${text}:`]));
  return schemas
    .replaceAll(/\[(_\w+)\]:/g, (key, name: string) => keys.get(name) ?? key)
    .replaceAll(/( = \[9,[^;]*), \(\) => [\w$]+, \(\) => [\w$]+(?=\s*\];)/g, '$1, "unit", "unit"')
    .replaceAll(/^n\d+_registry\.registerError\((\w+)\$, .*\);$/gm, (line, name: string) =>
      EXCEPTIONS.includes(name) ? line : '',
    );
}

/** The text bundled for a replaced module. Other modules still import its other exports by name. */
export function replaced(instead: string, file: string, module: string): string {
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
    const filter = /[\\/]node_modules[\\/](@smithy|@aws-sdk)[\\/].*\.js(on)?$/;
    onLoad({ filter }, ({ path }) => {
      const file = path.replaceAll('\\', '/').split('/node_modules/').at(-1) ?? '';
      const instead = replacements[file];
      const text = () => readFileSync(path, 'utf8');
      if (instead !== undefined)
        return { contents: replaced(instead, file, text()), resolveDir: dirname(path) };
      // 4,300: the clients import their whole package.json for its version.
      if (basename(path) === 'package.json')
        return {
          contents: JSON.stringify({ version: JSON.parse(text()).version }),
          loader: 'json',
        };
      if (basename(path) === 'schemas_0.js') return { contents: shakable(text()) };
      // 1,600: paginators made at load time, and the commands that they alone need.
      if (path.endsWith('Paginator.js'))
        return {
          contents: text().replace('= createPaginator', '= /* @__PURE__ */ createPaginator'),
        };
      return undefined;
    });
  },
};

/** For esbuild, of whoever bundles all functions at once. */
export const plugins: readonly Plugin[] = [leaveOut];

/** The part of the framework that names the functions to bundle. */
interface Framework {
  readonly service: { readonly functions: Readonly<Record<string, { readonly handler: string }>> };
  readonly processedInput: { readonly options: { readonly function?: string } };
}

/**
 * Has one build bundle all functions. serverless-esbuild makes a build for each, and each build would parse the
 * SDK: the bundles are the same, and take three times as long.
 */
function together({ service, processedInput }: Framework): Plugin {
  const { function: only } = processedInput.options;
  const functions = Object.entries(service.functions).filter(([name]) => !only || name === only);
  const entries = functions.map(([, { handler }]) => handler.replace(/\.\w+$/, '.ts'));
  return {
    name: 'together',
    setup: ({ initialOptions }) => {
      const isFirst = String(initialOptions.entryPoints) === entries[0];
      initialOptions.entryPoints = isFirst ? entries : [];
    },
  };
}

export default (framework: Framework): readonly Plugin[] => [...plugins, together(framework)];
