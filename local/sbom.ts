/**
 * npm run sbom: prints the software bill of materials of what may ship, as CycloneDX 1.5 JSON. That is
 * everything but the development dependencies; `npm run licenses` narrows it to what is bundled.
 */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';

interface Component {
  readonly 'bom-ref': string;
  readonly properties?: readonly { readonly name: string; readonly value: string }[];
}

/** The parts of npm's document that are changed here; the others are passed on. */
interface BillOfMaterials {
  readonly metadata: { readonly component: Component & { readonly name: string } };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

/**
 * Leaves the development dependencies out. `npm sbom --omit=dev` would leave out too much: every package
 * that a development dependency needs as well, and with it most of the AWS SDK
 * (https://github.com/npm/cli/issues/7909). The mark that npm puts on each of them is right.
 *
 * @param name the project's, for which npm takes that of the folder it is in
 */
export function withoutDevelopment(bill: BillOfMaterials, name: string): BillOfMaterials {
  const components = bill.components.filter(
    ({ properties = [] }) =>
      !properties.some(
        (each) => each.name === 'cdx:npm:package:development' && each.value === 'true',
      ),
  );
  const { component } = bill.metadata;
  const kept = new Set([component, ...components].map((each) => each['bom-ref']));
  return {
    ...bill,
    metadata: { ...bill.metadata, component: { ...component, name } },
    components,
    dependencies: bill.dependencies
      .filter(({ ref }) => kept.has(ref))
      .map((each) => ({ ...each, dependsOn: each.dependsOn.filter((ref) => kept.has(ref)) })),
  };
}

if (import.meta.main) {
  const { stdout } = await promisify(execFile)(
    'npm',
    ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only'],
    { maxBuffer: 64 * 1_024 * 1_024 },
  );
  const { name } = JSON.parse(readFileSync('package.json', 'utf8'));
  process.stdout.write(
    `${JSON.stringify(withoutDevelopment(JSON.parse(stdout), name), null, 2)}\n`,
  );
}
