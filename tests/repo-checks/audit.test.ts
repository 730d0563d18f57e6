import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readAudit } from '../../local/audit.ts';
import { runCommand } from '../support/commands.ts';

const ADVISORIES = '/-/npm/v1/security/advisories/bulk';

/** An npm registry on loopback that knows of these vulnerabilities, or does not answer audits at all. */
function startRegistry(advisories: Readonly<Record<string, unknown>> | null): Server {
  const server = createServer((request, response) => {
    if (request.url !== ADVISORIES) {
      // npm asks for the versions of what is vulnerable, to tell what else is through it.
      response.end(JSON.stringify({ name: request.url?.slice(1), versions: {}, 'dist-tags': {} }));
    } else if (advisories) response.end(JSON.stringify(advisories));
    else {
      response.statusCode = 405;
      response.end();
    }
  });
  return server.listen(0, '127.0.0.1');
}

async function auditAgainst(advisories: Readonly<Record<string, unknown>> | null) {
  const server = startRegistry(advisories);
  const cache = mkdtempSync(join(tmpdir(), 'audit-'));
  try {
    await once(server, 'listening');
    return await runCommand(process.execPath, ['local/audit.ts'], {
      npm_config_registry: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
      npm_config_cache: cache,
      npm_config_fetch_retries: '0',
    });
  } finally {
    server.closeAllConnections();
    server.close();
    rmSync(cache, { recursive: true });
  }
}

test('an audit without findings passes, and says how many packages it looked at', async () => {
  const { code, output } = await auditAgainst({});
  expect(output).toMatch(/^No known vulnerability in the [1-9]\d* packages that may ship$/m);
  expect(code).toBe(0);
});

test('a known vulnerability of something that ships fails it, by name', async () => {
  const { code, output } = await auditAgainst({
    jose: [
      {
        id: 1,
        url: 'https://advisories.example/1',
        title: 'Takes any signature',
        severity: 'critical',
        vulnerable_versions: '*',
      },
    ],
  });
  expect(output).toMatch(/critical: jose .*Takes any signature https:\/\/advisories\.example\/1/);
  expect(code).toBe(1);
});

test('a registry that does not answer audits is neither a pass nor a finding', async () => {
  const { code, output } = await auditAgainst(null);
  expect(output).toMatch(/^Not audited: the registry gave no answer \(405 /m);
  expect(code).toBe(2);
});

test.each([
  ['nothing', ''],
  ['text', 'npm error'],
  ['a list', '[]'],
  ['an error', '{"message":"503 Service Unavailable","statusCode":503}'],
  ['an error without words', '{"error":{"code":"EAUDITNOLOCK","summary":""}}'],
  ['no vulnerabilities member', '{"metadata":{"dependencies":{"prod":40}}}'],
  ['a report about nothing', '{"vulnerabilities":{},"metadata":{"dependencies":{"prod":1}}}'],
  ['a report of another form', '{"vulnerabilities":{},"metadata":{}}'],
])('%s is no outcome of an audit', (_, output) => {
  expect(readAudit(output).kind).toBe('unknown');
});
