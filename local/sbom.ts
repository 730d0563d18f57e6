/** npm run sbom: the software bill of materials of all but development dependencies, CycloneDX 1.5 JSON. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

interface Component {
  readonly 'bom-ref': string;
  readonly properties?: readonly { readonly name: string; readonly value: string }[];
}

/** The members of npm's document that change here. */
interface Bill {
  readonly metadata: { readonly component: Component };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

// `--omit=dev` would omit each package that a development dependency needs as well, most of the AWS SDK
// among them (https://github.com/npm/cli/issues/7909). npm's mark on each package is right.
const options = ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only'];
const output = execFileSync('npm', options, { maxBuffer: 64 * 1_024 * 1_024, encoding: 'utf8' });
const bill: Bill = JSON.parse(output);
const components = bill.components.filter(
  ({ properties = [] }) =>
    !properties.some(
      ({ name, value }) => name === 'cdx:npm:package:development' && value === 'true',
    ),
);
const component = { ...bill.metadata.component, ...nameOf('package.json') };
const kept = new Set([component, ...components].map((each) => each['bom-ref']));
const dependencies = bill.dependencies
  .filter(({ ref }) => kept.has(ref))
  .map((each) => ({ ...each, dependsOn: each.dependsOn.filter((ref) => kept.has(ref)) }));
const metadata = { ...bill.metadata, component };
const shipped = { ...bill, metadata, components, dependencies };
process.stdout.write(`${JSON.stringify(shipped, null, 2)}\n`);

/** npm takes the name of the folder. */
function nameOf(path: string): { readonly name: string } {
  const { name } = JSON.parse(readFileSync(path, 'utf8'));
  return { name };
}
