import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

interface Dependencies {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

interface LockFile {
  readonly lockfileVersion: number;
  readonly packages: Readonly<
    Record<string, Dependencies & { readonly version?: string; readonly integrity?: string }>
  >;
}

/** 1.2.3 or 1.2.3-rc.1, also behind an alias (`npm:name@1.2.3`); no range, tag, URL or folder. */
const EXACT_VERSION = /^(npm:(@[\w.-]+\/)?[\w.-]+@)?\d+\.\d+\.\d+(-[\w.]+)?$/;

function readJson<Content>(path: string): Content {
  return JSON.parse(readFileSync(path, 'utf8'));
}

function dependenciesOf({ dependencies, devDependencies, optionalDependencies }: Dependencies) {
  return { ...dependencies, ...devDependencies, ...optionalDependencies };
}

const manifests = globSync('**/package.json', {
  exclude: (path) => /(^|\/)(node_modules|dist|\.\w+)$/.test(path),
}).filter((path) => Object.keys(dependenciesOf(readJson<Dependencies>(path))).length > 0);

describe.each(manifests)('%s', (path) => {
  const manifest = readJson<Dependencies>(path);
  const lockPath = join(dirname(path), 'package-lock.json');

  test('pins every dependency to one version', () => {
    const loose = Object.entries(dependenciesOf(manifest)).filter(
      ([, version]) => !EXACT_VERSION.test(version),
    );
    expect(loose).toEqual([]);
  });

  // An example is copied into a repository with a lock file of its own; here it runs with the project's.
  if (path.startsWith('examples/')) {
    test('uses the versions that the project is tested with', () => {
      const own = dependenciesOf(readJson<Dependencies>('package.json'));
      expect(own).toMatchObject(dependenciesOf(manifest));
    });
    return;
  }

  test('has a lock file that is in step with it', () => {
    expect(existsSync(lockPath)).toBe(true);
    const { lockfileVersion, packages } = readJson<LockFile>(lockPath);
    expect(lockfileVersion).toBe(3);
    expect(dependenciesOf(packages[''] ?? {})).toEqual(dependenciesOf(manifest));
  });

  test('is locked by version and hash, package by package', () => {
    const unlocked = Object.entries(readJson<LockFile>(lockPath).packages).filter(
      ([location, { version, integrity = '' }]) =>
        location !== '' && !(version && /^sha512-[\w+/]{86}==$/.test(integrity)),
    );
    expect(unlocked).toEqual([]);
  });

  test('is locked without the address of a registry, which is for whoever installs to choose', () => {
    expect(readFileSync(lockPath, 'utf8')).not.toMatch(/"resolved"|git\+|\.tgz/);
  });
});
