import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { BuildOptions } from 'esbuild';
import { parse } from 'yaml';

/** The functions of a project, and how its `serverless package` bundles them. */
export interface Bundling {
  /** For example `handlers/logout.handler`, by the names in serverless.yml. */
  readonly handlers: Readonly<Record<string, string>>;
  /** For esbuild. */
  readonly options: BuildOptions;
}

/** What of `custom.esbuild` is for the plugin of serverless; all the rest it hands on to esbuild. */
const FRAMEWORK_OPTIONS = [
  'concurrency',
  'exclude',
  'outputFileExtension',
  'outputWorkFolder',
  'outputBuildFolder',
  'packager',
  'watch',
];

interface ServerlessFile {
  readonly functions: Readonly<Record<string, { readonly handler: string }>>;
  readonly custom?: { readonly esbuild?: BundlerSettings };
}

type BundlerSettings = Omit<BuildOptions, 'plugins'> & { readonly plugins?: string };

/**
 * Reads from serverless.yml how the functions are bundled.
 *
 * @param root folder of serverless.yml
 */
export async function bundling(root: string): Promise<Bundling> {
  // CloudFormation's own tags (!Ref, !Sub) are of no interest here.
  const { functions, custom }: ServerlessFile = parse(
    readFileSync(join(root, 'serverless.yml'), 'utf8'),
    { logLevel: 'silent', merge: true },
  );
  const { plugins, ...settings } = custom?.esbuild ?? {};
  const options = Object.entries(settings).filter(([name]) => !FRAMEWORK_OPTIONS.includes(name));
  const module = plugins && (await import(pathToFileURL(join(root, plugins)).href));
  return {
    handlers: Object.fromEntries(
      Object.entries(functions).map(([name, { handler }]) => [name, handler]),
    ),
    options: { ...Object.fromEntries(options), ...(module ? { plugins: module.default } : {}) },
  };
}

/** The source of a handler: `handlers/logout.handler` is exported by `handlers/logout.ts`. */
export function entryPoint(handler: string): string {
  return `${handler.slice(0, handler.lastIndexOf('.'))}.ts`;
}
