import { mkdtempDisposableSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { buildNaive } from '../../bench/naive/build.ts';

test.each(['plain', 'CommonJS', 'tree-shaken'] as const)(
  'the naive bundle, %s, has a file in place of each of lib that it needs',
  async (form) => {
    using directory = mkdtempDisposableSync(join(tmpdir(), 'naive-'));
    const logout = { name: 'logout', memoryMb: 1_024, taskRoot: '', variables: {} };
    const naive = await buildNaive(
      { ...logout, handler: 'handlers/logout.handler' },
      form,
      directory.path,
    );
    expect(readdirSync(join(naive.taskRoot, 'handlers'))).toHaveLength(1);
  },
);
