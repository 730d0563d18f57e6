import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  DeleteCommand,
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
} from '@aws-sdk/lib-dynamodb';

const TableName = process.env.TABLE;
const marshallOptions = { removeUndefinedValues: true };
const client = DynamoDBDocumentClient.from(new DynamoDBClient(), { marshallOptions });

/** The table of this peer; every call is one request, and every read is strongly consistent. */
export const table = {
  get: async (Key) =>
    (await client.send(new GetCommand({ TableName, Key, ConsistentRead: true }))).Item,
  put: (Item) => client.send(new PutCommand({ TableName, Item })),
  delete: (Key) => client.send(new DeleteCommand({ TableName, Key })),
};

/** Listens on a free port of the loopback interface and returns the port. */
export async function listen(server) {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server.address().port;
}

/**
 * Tells the bench the port and the version of this server, then creates sessions whenever the bench asks.
 *
 * @param name for people
 * @param packageName whose installed version is told
 * @param createSession makes a live session by the peer's own code and returns the two requests of its user:
 *   `{ check, logout }`, each with method, path, headers and body
 */
export function serveBench(port, name, packageName, createSession) {
  process.on('message', async ({ count }) => {
    const sessions = [];
    while (sessions.length < count) sessions.push(await createSession());
    process.send(sessions);
  });
  // The bench is gone, however it ended.
  process.on('disconnect', () => process.exit());
  const file = new URL(`./node_modules/${packageName}/package.json`, import.meta.url);
  const { version } = JSON.parse(readFileSync(file, 'utf8'));
  process.send({ port, name: `${name} ${version}` });
}
