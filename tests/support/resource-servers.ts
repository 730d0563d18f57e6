import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { freePort } from '../../support/offline-service.ts';
import { codeBlocks } from './documents.ts';
import { CLIENT } from './oauth.ts';

/** A server of docs/resource-servers.md that guards `/guarded/`, in front of a local run. */
export interface ResourceServer {
  readonly url: string;
  stop(): Promise<void>;
}

const PAGE = 'docs/resource-servers.md';
const VARIABLES = { CLIENT_ID: CLIENT.id, CLIENT_SECRET: CLIENT.secret };
const MODULES = '/usr/lib/apache2/modules';

/** Whether a server is to be run here: RESOURCE_SERVERS names those that have to be installed. */
export function isRequired(name: string): boolean {
  return (process.env.RESOURCE_SERVERS ?? '').split(' ').includes(name.toLowerCase());
}

/** The recipe of the page in one language, for a service in place of https://auth.example.com. */
function recipe(language: string, authUrl: string): string {
  const [code, ...others] = codeBlocks(PAGE, language);
  if (!code?.includes('https://auth.example.com') || others.length > 0)
    throw new Error(`${PAGE} has no one recipe in ${language}`);
  return code.replaceAll('https://auth.example.com', authUrl);
}

/** Apache with mod_oauth2, as any user. */
export async function startApache(authUrl: string): Promise<ResourceServer> {
  const client = `client_id=${CLIENT.id}&client_secret=${CLIENT.secret}`;
  return startProgram('apache2', async (folder, port) => {
    const modules = ['authn_core', 'authz_core', 'authz_user', 'dir', 'mime', 'oauth2'];
    writeFileSync(
      join(folder, 'httpd.conf'),
      `ServerRoot "${folder}"
ServerName 127.0.0.1
Listen 127.0.0.1:${port}
PidFile ${folder}/httpd.pid
DefaultRuntimeDir ${folder}
ErrorLog ${folder}/error.log
LoadModule mpm_event_module ${MODULES}/mod_mpm_event.so
${modules.map((name) => `LoadModule ${name}_module ${MODULES}/mod_${name}.so`).join('\n')}
TypesConfig /etc/mime.types
DirectoryIndex index.html
DocumentRoot ${folder}/html
${process.getuid?.() === 0 ? 'User www-data\nGroup www-data\n' : ''}
${recipe('apache', authUrl).replace('client_id=gateway&client_secret=SECRET', client)}`,
    );
    return ['-D', 'FOREGROUND', '-f', join(folder, 'httpd.conf')];
  });
}

/** nginx with auth_request. */
export async function startNginx(authUrl: string): Promise<ResourceServer> {
  return startProgram('nginx', async (folder, port) => {
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
      .map((name) => `${name}_temp_path ${folder}/tmp;`)
      .join(' ');
    writeFileSync(
      join(folder, 'nginx.conf'),
      `daemon off; worker_processes 1; pid ${folder}/nginx.pid; error_log ${folder}/error.log;
events { worker_connections 64; }
http {
  access_log off; ${temporary}
  server {
    listen 127.0.0.1:${port}; root ${folder}/html;
${recipe('nginx', authUrl)}
  }
}
`,
    );
    return ['-c', join(folder, 'nginx.conf'), '-e', join(folder, 'error.log')];
  });
}

/** FastAPI under uvicorn. */
export async function startFastApi(authUrl: string): Promise<ResourceServer> {
  return startProgram('python3', async (folder, port) => {
    writeFileSync(join(folder, 'active_session.py'), recipe('python', authUrl));
    writeFileSync(
      join(folder, 'guarded.py'),
      `from typing import Annotated
from fastapi import Depends, FastAPI
from active_session import active_session

app = FastAPI()

@app.get("/")
def ready() -> str:
    return "ready"

@app.get("/guarded/")
def guarded(token: Annotated[dict, Depends(active_session)]) -> str:
    return f"the page for {token['sub']}"
`,
    );
    return [
      ...['-m', 'uvicorn', 'guarded:app', '--app-dir', folder, '--log-level', 'warning'],
      ...['--host', '127.0.0.1', '--port', `${port}`],
    ];
  });
}

/** The middleware in a server of node:http. */
export async function startMiddleware(authUrl: string): Promise<ResourceServer> {
  const folder = mkdtempSync(join(tmpdir(), 'resource-server-'));
  const file = join(folder, 'active-session.mjs');
  writeFileSync(file, recipe('js', authUrl));
  Object.assign(process.env, VARIABLES);
  const { activeSession } = await import(pathToFileURL(file).href);
  const server = createServer((request, response) =>
    activeSession(request, response, () =>
      response.end(`the page for ${Object(request).token.sub}`),
    ),
  ).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = Object(server.address());
  return {
    url: `http://127.0.0.1:${address.port}/guarded/`,
    stop: async () => {
      server.close();
      server.closeAllConnections();
      rmSync(folder, { recursive: true });
    },
  };
}

/** Starts a program in a folder of its own, with the page that it guards, and waits until it answers. */
async function startProgram(
  program: string,
  prepare: (folder: string, port: number) => Promise<readonly string[]>,
): Promise<ResourceServer> {
  const folder = mkdtempSync(join(tmpdir(), 'resource-server-'));
  mkdirSync(join(folder, 'html/guarded'), { recursive: true });
  writeFileSync(join(folder, 'html/guarded/index.html'), 'the page');
  // The servers' workers are another user.
  execFileSync('chmod', ['-R', 'a+rX', folder]);
  const port = await freePort();
  const child = spawn(program, await prepare(folder, port), {
    env: { ...process.env, ...VARIABLES, PYTHONDONTWRITEBYTECODE: '1' },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const ended = once(child, 'close');
  const origin = `http://127.0.0.1:${port}`;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`${program} has ended with ${child.exitCode}`);
    if (await answers(origin)) break;
    await pause(50);
  }
  return {
    url: `${origin}/guarded/`,
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
      rmSync(folder, { recursive: true });
    },
  };
}

/** Sends a request to a server that is none of the service's. */
export const send = (url: string, init?: RequestInit) => fetch(url, init);

async function answers(url: string): Promise<boolean> {
  return fetch(url).then(
    () => true,
    () => false,
  );
}
