import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { BuildOptions } from 'esbuild';
import { readService, type ServiceFunction } from './service-file.ts';

/** The functions of a project, and how its `serverless package` bundles them. */
export interface Bundling {
  /** By their names in serverless.yml. */
  readonly functions: Readonly<Record<string, ServiceFunction>>;
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
  readonly custom?: {
    readonly esbuild?: Omit<BuildOptions, 'plugins'> & { readonly plugins?: string };
  };
}

/**
 * Reads from serverless.yml how the functions are bundled.
 *
 * @param root folder of serverless.yml
 */
export async function bundling(root: string): Promise<Bundling> {
  const { functions, custom } = readService<ServerlessFile>(root);
  const { plugins, ...settings } = custom?.esbuild ?? {};
  const options = Object.entries(settings).filter(([name]) => !FRAMEWORK_OPTIONS.includes(name));
  const module = plugins && (await import(pathToFileURL(join(root, plugins)).href));
  return {
    functions,
    options: { ...Object.fromEntries(options), ...(module ? { plugins: module.plugins } : {}) },
  };
}

/** The source of a function: `handlers/logout.handler` is exported by `handlers/logout.ts`. */
export function entryPoint({ handler }: Pick<ServiceFunction, 'handler'>): string {
  return `${handler.slice(0, handler.lastIndexOf('.'))}.ts`;
}
