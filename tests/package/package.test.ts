/** The package as a stranger gets it: packed, installed into an empty project, and used there. */
import {
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { runCommand } from '../support/commands.ts';
import { TEST_SECRET } from '../support/signing.ts';
import { useTestStore } from '../support/store.ts';

const isWanted = process.env.PACKED_PACKAGE === 'required';
const { dependencies, devDependencies } = JSON.parse(readFileSync('package.json', 'utf8'));
const versionOf = (name: string) => `${name}@${dependencies[name] ?? devDependencies[name]}`;

/** Of the stranger's project, beside the package. */
const PACKAGES = [
  ...['@aws-sdk/client-dynamodb', '@aws-sdk/lib-dynamodb', '@aws-sdk/client-ssm', '@middy/core'],
  ...['@types/aws-lambda', '@types/node', 'typescript', 'esbuild', 'jest'],
].map(versionOf);

/** The last Middy for Node 20; what the declarations of Middy 7 import; and what runs TypeScript. */
const OTHERS = [
  'middy-6@npm:@middy/core@6.4.5',
  '@aws/durable-execution-sdk-js@2.4.0',
  'tsx@4.23.15',
];

/** The Nodes to use the package with, and their program. .ci/run names those that are not the project's own. */
const NODES = [
  { version: '20', node: process.env.NODE_20, program: 'use-middy-6' },
  { version: '22', node: process.env.NODE_22, program: 'use' },
  { version: '24', node: process.execPath, program: 'use' },
] as const;

const SOURCE = readFileSync(new URL('use.mts', import.meta.url), 'utf8');
const PROGRAMS = [
  ['use', SOURCE],
  ['use-middy-6', SOURCE.replace("'@middy/core'", "'middy-6'")],
] as const;
const inCommonJs = (code: string) =>
  code.replaceAll(/^import (\{[^}]*\}) from ('[^']+');$/gm, 'const $1 = require($2);');
/** Refused are the token that a refresh has replaced, and the one that was logged out. */
const STATUSES = 'statuses 200 401 200 401, 200 401 200 401\n';

(isWanted ? describe : describe.skip)(
  isWanted
    ? 'the package'
    : 'the package, installed: PACKED_PACKAGE=required npm test, which takes longer',
  () => {
    const store = useTestStore();
    let folder: string;
    const at = (...path: string[]) => join(folder, ...path);
    const run = (program: string, ...args: string[]) =>
      runCommand('bash', ['-c', 'cd "$0" && exec "$@"', folder, program, ...args], {
        ...{ SESSIONS_TABLE: store.table, JWT_SECRET: TEST_SECRET, NODE_OPTIONS: '' },
        PATH: `${dirname(process.execPath)}:${process.env.PATH}`,
        // The SDK says that its versions of 2027 need Node 22.
        AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
      });
    const tool = (name: string, ...args: string[]) => run(at('node_modules/.bin', name), ...args);

    async function expectSuccess(done: ReturnType<typeof run>): Promise<string> {
      const { code, output } = await done;
      expect({ code, output }).toEqual({ code: 0, output });
      return output;
    }

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'stranger-'));
      await expectSuccess(runCommand(process.execPath, ['support/build-package.ts', at('dist')]));
      await expectSuccess(run('npm', 'pack', './dist'));
      rmSync(at('dist'), { recursive: true });
      const [tarball = ''] = globSync('*.tgz', { cwd: folder });
      const manifest = { private: true, allowScripts: { esbuild: true } };
      writeFileSync(at('package.json'), JSON.stringify(manifest));
      await expectSuccess(
        run(
          'npm',
          'install',
          '--no-audit',
          '--no-fund',
          '--prefer-offline',
          `./${tarball}`,
          ...PACKAGES,
          ...OTHERS,
        ),
      );
      for (const [name, source] of PROGRAMS) {
        const code = stripTypeScriptTypes(source);
        writeFileSync(at(`${name}.mts`), source);
        writeFileSync(at(`${name}.cts`), source);
        writeFileSync(at(`${name}.mjs`), code);
        writeFileSync(at(`${name}.cjs`), inCommonJs(code));
      }
    }, 600_000);
    afterAll(() => rmSync(folder, { recursive: true }));

    test('brings four packages along, and nothing that runs when it is installed', () => {
      const packed = JSON.parse(readFileSync(at('node_modules/true-logout/package.json'), 'utf8'));
      expect(packed).toMatchObject({ sideEffects: false, engines: { node: '>=20.19' } });
      expect([packed.scripts, packed.devDependencies, packed.private]).toEqual([
        undefined,
        undefined,
        undefined,
      ]);
      expect(Object.keys(packed.dependencies)).toHaveLength(4);
      const { packages } = JSON.parse(readFileSync(at('package-lock.json'), 'utf8'));
      const names = Object.keys(packages).map((path) => path.replace(/.*node_modules\//, ''));
      expect(names).toEqual(expect.arrayContaining(['true-logout', 'jose']));
      expect(names.filter((name) => /swagger|scarf/.test(name))).toEqual([]);
      expect(existsSync(at('node_modules/true-logout/node_modules'))).toBe(false);
    });

    for (const { version, node = '', program } of NODES) {
      const withNode = node === '' ? test.skip : test;
      const name = `Node ${version}${node === '' ? `, which NODE_${version} does not name` : ''}`;
      withNode(`${name}: ES modules and CommonJS`, async () => {
        expect(await expectSuccess(run(node, '--version'))).toMatch(new RegExp(`^v${version}\\.`));
        for (const file of [`${program}.mjs`, `${program}.cjs`])
          expect(await expectSuccess(run(node, file))).toContain(STATUSES);
      });
      withNode(`${name}: CommonJS that cannot require ES modules, as in Lambda`, async () => {
        const flag = '--no-experimental-require-module';
        expect(await expectSuccess(run(node, flag, `${program}.cjs`))).toContain(STATUSES);
      });
    }

    test('tsc --strict finds nothing wrong, in the declarations either', async () => {
      const strict = ['--strict', '--module', 'nodenext', '--noEmit', '--types', 'node'];
      await expectSuccess(tool('tsc', ...strict, 'use.mts', 'use.cts', 'use-middy-6.mts'));
      writeFileSync(at('wrong.mts'), `${SOURCE}\nrequireSession({ jwtAudiences: 'notes' });\n`);
      expect((await tool('tsc', ...strict, 'wrong.mts')).output).toMatch(
        /wrong\.mts.*'jwtAudiences' does not exist/,
      );
    });

    test('esbuild bundles it without an option', async () => {
      await expectSuccess(
        tool('esbuild', 'use.cjs', '--bundle', '--platform=node', '--outfile=from-cjs.cjs'),
      );
      await expectSuccess(
        tool('esbuild', 'use.mts', '--bundle', '--platform=node', '--outfile=from-esm.cjs'),
      );
      for (const file of ['from-cjs.cjs', 'from-esm.cjs'])
        expect(await expectSuccess(run(process.execPath, file))).toContain(STATUSES);
    });

    test('tsx runs TypeScript that uses it', async () => {
      for (const file of ['use.mts', 'use.cts'])
        expect(await expectSuccess(tool('tsx', file))).toContain(STATUSES);
    });

    test('Jest loads it without a setting', async () => {
      mkdirSync(at('tests'));
      writeFileSync(
        at('tests/use.test.js'),
        `const { issueSession } = require('true-logout/issue');
        const { requireSession } = require('true-logout/middy');
        const { openSessionStore } = require('true-logout/store');
        test('a session gets in', async () => {
          const key = new TextEncoder().encode(process.env.JWT_SECRET);
          const store = openSessionStore(process.env.SESSIONS_TABLE);
          const { token } = await issueSession(store, { key, algorithm: 'HS256' }, { sub: 'zoe', ttlSeconds: 60 });
          const request = { event: { headers: { authorization: 'Bearer ' + token } }, context: {}, internal: {} };
          await requireSession().before(request);
          expect(request.context.caller.session.sub).toBe('zoe');
          store.client.destroy();
        });\n`,
      );
      expect(await expectSuccess(tool('jest', 'tests'))).toMatch(/1 passed, 1 total/);
    });
  },
);
