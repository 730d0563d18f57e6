/**
 * npm run licenses: which packages end up in the functions' bundles, and under which licenses. It fails
 * on a license that {@link ALLOWED_LICENSES} does not have.
 */
import { fileURLToPath } from 'node:url';
import { ALLOWED_LICENSES, bundledPackages, refusedLicenses } from '../support/bundled-packages.ts';
import { runCommand } from '../support/command-line.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** @param root folder of another project, for a test */
export async function listLicenses([root = ROOT]: readonly string[]): Promise<number> {
  const packages = await bundledPackages(root);
  for (const { license, name, version, functions } of packages)
    process.stdout.write(`${license.padEnd(12)}  ${name} ${version}  (${functions.join(', ')})\n`);
  const refused = refusedLicenses(packages).map(({ name, license }) => `${name} (${license})`);
  process.stdout.write(
    refused.length > 0
      ? `${refused.join(', ')}: not among ${[...ALLOWED_LICENSES].join(', ')}\n`
      : `${packages.length} packages are bundled, all under allowed licenses\n`,
  );
  return refused.length > 0 ? 1 : 0;
}

if (import.meta.main) await runCommand(listLicenses);
