import { writeFileSync } from 'node:fs';
import openapiTS, { astToString } from 'openapi-typescript';
import { openApiDocument } from '../../lib/openapi/document.ts';
import { runCommand } from '../support/commands.ts';

const FOLDER = 'tests/generated-client';

test('types generated out of the document compile with a client of every endpoint, and refuse wrong uses', async () => {
  const types = astToString(await openapiTS(JSON.stringify(openApiDocument)));
  writeFileSync(`${FOLDER}/contract.ts`, types);
  const { code, output } = await runCommand('node_modules/.bin/tsc', ['-p', FOLDER]);
  expect(output).toBe('');
  expect(code).toBe(0);
});
