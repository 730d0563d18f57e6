import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { listLicenses } from '../../local/licenses.ts';
import {
  type BundledPackage,
  bundledPackages,
  refusedLicenses,
} from '../../support/bundled-packages.ts';
import { readService } from '../../support/service-file.ts';
import { callCommand, runCommand } from '../support/commands.ts';

const lock: {
  readonly packages: Readonly<Record<string, { readonly version: string; readonly dev?: boolean }>>;
} = JSON.parse(readFileSync('package-lock.json', 'utf8'));

describe('what is bundled into the functions', () => {
  let packages: readonly BundledPackage[];
  beforeAll(async () => {
    packages = await bundledPackages(process.cwd());
  });
  const functionsWith = (name: string) =>
    packages.find((each) => each.name === name)?.functions ?? [];

  test('is looked at for every function', () => {
    const { functions } = readService('.');
    expect(functionsWith('@middy/core')).toEqual(Object.keys(functions));
  });

  test('reaches no token, store or key from a function that only documents', () => {
    const sensitive = packages.filter(
      ({ name }) => name === 'jose' || name.startsWith('@aws-sdk/'),
    );
    expect(sensitive.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['jose', '@aws-sdk/client-dynamodb']),
    );
    const functions = sensitive.flatMap((each) => each.functions);
    expect(functions.filter((name) => name === 'openapi')).toEqual([]);
  });

  test('is under licenses that ask for nothing beyond their own text', () => {
    expect(refusedLicenses(packages)).toEqual([]);
  });

  test('is what the lock file pins', () => {
    for (const { path, version } of packages)
      expect(lock.packages[path]).toMatchObject({ version });
  });

  test('holds no development dependency, as audits leave those out', () => {
    expect(packages.filter(({ path }) => lock.packages[path]?.dev)).toEqual([]);
  });

  test('is in the bill of materials, which has no development dependency', async () => {
    const { output } = await runCommand(process.execPath, ['local/sbom.ts']);
    const { metadata, components } = JSON.parse(output);
    const listed: readonly string[] = components.map(
      (each: { 'bom-ref': string }) => each['bom-ref'],
    );
    expect(listed).toEqual(
      expect.arrayContaining(packages.map(({ name, version }) => `${name}@${version}`)),
    );
    expect(listed.filter((each) => /^(jest|typescript|esbuild|serverless)@/.test(each))).toEqual(
      [],
    );
    expect(metadata.component.name).toBe('true-logout');
  });
});

describe('npm run licenses', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'licenses-'));
    write(
      'serverless.yml',
      'functions: { one: { handler: one.handler } }\ncustom: { esbuild: { bundle: true } }',
    );
    write(
      'one.ts',
      "import { used } from 'used';\nimport { unused } from 'unused';\nexport const handler = () => used;",
    );
  });
  afterEach(() => rmSync(root, { recursive: true }));

  function write(file: string, text: string): void {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  }

  function writePackage(name: string, license?: unknown): void {
    const description = { name, version: '1.2.3', sideEffects: false, license };
    write(`node_modules/${name}/package.json`, JSON.stringify(description));
    write(`node_modules/${name}/index.js`, `export const ${name} = '${name}';`);
  }

  const licenses = () => callCommand(listLicenses, [root]);

  test('lists what is bundled, and leaves out what tree shaking drops', async () => {
    writePackage('used', 'MIT');
    writePackage('unused', 'AGPL-3.0-only');
    const { code, output } = await licenses();
    expect(output).toMatch(/^MIT +used 1\.2\.3 {2}\(one\)\n1 packages? /);
    expect(code).toBe(0);
  });

  test.each([
    ['MIT AND GPL-2.0-only', 'MIT AND GPL-2.0-only'],
    [undefined, 'none stated'],
    [[{ type: 'MIT' }], 'none stated'],
  ])('fails on a license that is not allowed: %j', async (license, words) => {
    writePackage('used', license);
    writePackage('unused', 'MIT');
    const { code, output } = await licenses();
    expect(output).toContain(`used (${words}): not among 0BSD, Apache-2.0`);
    expect(code).toBe(1);
  });
});
