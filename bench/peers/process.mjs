import { once } from 'node:events';
import { readFileSync } from 'node:fs';

/** Sessions created at a time while a run is prepared. */
const CREATE_CONCURRENTLY = 8;

/** Listens on a free port of the loopback interface and returns the port. */
export async function listen(server) {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server.address().port;
}

/** The version of a package as it is installed. */
export function installed(name) {
  const file = new URL(`./node_modules/${name}/package.json`, import.meta.url);
  return `${name} ${JSON.parse(readFileSync(file, 'utf8')).version}`;
}

/**
 * Tells the bench where this server listens, then creates sessions whenever it asks for some.
 *
 * @param ready `port` and `versions`
 * @param createSession makes one live session, by the peer's own code, and returns the two requests
 *   of its user: `{ check, logout }`, each with method, path, headers and body
 */
export function serveBench(ready, createSession) {
  process.on('message', async ({ count }) => {
    const sessions = [];
    while (sessions.length < count) {
      const batch = Math.min(CREATE_CONCURRENTLY, count - sessions.length);
      sessions.push(...(await Promise.all(Array.from({ length: batch }, createSession))));
    }
    process.send({ sessions });
  });
  // The bench is gone, however it ended.
  process.on('disconnect', () => process.exit());
  process.send(ready);
}
