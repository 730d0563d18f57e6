import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { runCommand } from '../support/commands.ts';
import { startService } from '../support/service.ts';

test('packaging beside a running service leaves its functions alone', async () => {
  const other = await startService();
  const directory = await mkdtemp(join(tmpdir(), 'package-'));
  const packaged = await runCommand('node_modules/.bin/serverless', [
    ...['package', '--package', directory],
  ]);
  const response = await other.fetch('/api/v1/auth/logout', {
    method: 'POST',
    headers: { Authorization: 'Bearer garbage' },
  });
  await rm(directory, { recursive: true });
  await other.stop();
  expect(packaged).toMatchObject({ code: 0 });
  expect(await response.text()).toBe('{"message":"Successfully logged out"}');
}, 90_000);
