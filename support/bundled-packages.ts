import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, type Metafile } from 'esbuild';
import { bundling, entryPoint } from './bundling.ts';

/** SPDX names of licenses that ask for nothing beyond their own text. Another one is for a person to judge. */
export const ALLOWED_LICENSES: ReadonlySet<string> = new Set([
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'ISC',
  'MIT',
  'MIT-0',
]);

/** A package of which at least one byte is in a bundle. */
export interface BundledPackage {
  readonly name: string;
  readonly version: string;
  /** As its package.json says it, or `none stated`. */
  readonly license: string;
  /** Its folder, as the lock file has it: `node_modules/…`. */
  readonly path: string;
  /** The functions that it is bundled into, by their names in serverless.yml. */
  readonly functions: readonly string[];
}

/**
 * Bundles every function of a project as `serverless package` does, and writes nothing. What counts is
 * what tree shaking leaves: a package that is installed, or only imported for its types, ships nowhere.
 *
 * @param root folder of serverless.yml
 * @throws Error when a function can't be bundled
 */
export async function bundledPackages(root: string): Promise<readonly BundledPackage[]> {
  const { functions, options } = await bundling(root);
  const { metafile } = await build({
    ...options,
    absWorkingDir: root,
    entryPoints: [...new Set(Object.values(functions).map(entryPoint))],
    outdir: 'bundle',
    metafile: true,
    write: false,
    logLevel: 'error',
  });
  const functionsOf = new Map<string, string[]>();
  for (const [name, each] of Object.entries(functions)) {
    const entry = entryPoint(each);
    const output = Object.values(metafile.outputs).find(({ entryPoint }) => entryPoint === entry);
    if (!output) throw new Error(`esbuild made no bundle of ${entry}`);
    for (const path of packageFolders(output.inputs))
      functionsOf.set(path, [...(functionsOf.get(path) ?? []), name]);
  }
  return [...functionsOf]
    .map(([path, functions]) => {
      const manifest = JSON.parse(readFileSync(join(root, path, 'package.json'), 'utf8'));
      const { name, version } = manifest;
      const license = typeof manifest.license === 'string' ? manifest.license : 'none stated';
      return { name, version, license, path, functions };
    })
    .sort((one, other) => one.path.localeCompare(other.path));
}

/** The packages whose license is not in {@link ALLOWED_LICENSES}. */
export function refusedLicenses(packages: readonly BundledPackage[]): readonly BundledPackage[] {
  return packages.filter(({ license }) => !ALLOWED_LICENSES.has(license));
}

/** Folders of the packages with at least one byte in a bundle. In nested node_modules the inner one counts. */
function packageFolders(inputs: Metafile['outputs'][string]['inputs']): ReadonlySet<string> {
  return new Set(
    Object.entries(inputs).flatMap(([file, { bytesInOutput }]) =>
      bytesInOutput > 0 ? (/^.*node_modules\/(@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? []) : [],
    ),
  );
}
