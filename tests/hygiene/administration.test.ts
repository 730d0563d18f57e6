import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { findSession } from '../../lib/sessions.ts';
import { issueTestSession } from '../support/signing.ts';
import { openTestStore, type TestStore } from '../support/store.ts';

/** What a shell makes of the sheet's command: the options that `aws` would be given. */
function optionsOfCommand(): ReadonlyMap<string, string> {
  const sheet = readFileSync('docs/security.md', 'utf8');
  const [, command = ''] = /```sh\n(aws dynamodb update-item[^`]+)```/.exec(sheet) ?? [];
  const folder = mkdtempSync(join(tmpdir(), 'aws-'));
  try {
    writeFileSync(join(folder, 'aws'), '#!/bin/sh\nprintf "%s\\0" "$@"\n', { mode: 0o755 });
    const PATH = `${folder}${delimiter}${process.env.PATH}`;
    const words = execFileSync('sh', ['-c', command], { env: { ...process.env, PATH } })
      .toString()
      .split('\0');
    return new Map(
      words.flatMap((word, index) =>
        word.startsWith('--') ? [[word, words[index + 1] ?? ''] as const] : [],
      ),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

let store: TestStore;
beforeAll(async () => {
  store = await openTestStore();
});
afterAll(() => store.close());

test('the command of docs/security.md ends every session of a user, and none of another', async () => {
  const phone = await issueTestSession(store, { sub: 'alice' });
  const laptop = await issueTestSession(store, { sub: 'alice' });
  const other = await issueTestSession(store, { sub: 'bob' });
  const options = optionsOfCommand();
  expect(options.get('--table-name')).toBe('true-logout-prod-sessions');
  await store.client.send(
    new UpdateItemCommand({
      TableName: store.table,
      Key: JSON.parse(options.get('--key') ?? ''),
      UpdateExpression: options.get('--update-expression'),
      ConditionExpression: options.get('--condition-expression'),
      ExpressionAttributeValues: JSON.parse(options.get('--expression-attribute-values') ?? ''),
    }),
  );
  expect(await findSession(store, phone.session)).toBeNull();
  expect(await findSession(store, laptop.session)).toBeNull();
  expect(await findSession(store, other.session)).toEqual(other.session);
});
