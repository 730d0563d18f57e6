/**
 * An embedded DynamoDB and a parameter store, run by store-process.ts in a process of their own. They
 * count their requests by operation; any message is answered with the counts so far. STORE_SECRET is
 * the value of every parameter.
 */
import { subscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startEmbeddedDynamoDb } from './embedded-dynamodb.ts';

const counts: Record<string, number> = {};
subscribe('http.server.request.start', (message) => {
  const { request } = message as { request: IncomingMessage };
  // For example `DynamoDB_20120810.DeleteItem`, `AmazonSSM.GetParameter`.
  const operation = String(request.headers['x-amz-target']).split('.').at(-1) ?? '';
  counts[operation] = (counts[operation] ?? 0) + 1;
});

const { endpoint: dynamoDb } = await startEmbeddedDynamoDb();

const parameterStore = createServer(async (request, response) => {
  const body = await request.setEncoding('utf8').toArray();
  const { Name } = JSON.parse(body.join(''));
  response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' }).end(
    JSON.stringify({
      Parameter: { Name, Type: 'SecureString', Value: process.env.STORE_SECRET, Version: 1 },
    }),
  );
});
parameterStore.listen(0, '127.0.0.1');
await once(parameterStore, 'listening');
const { port } = parameterStore.address() as AddressInfo;

process.on('message', () => process.send?.(counts));
// The parent is gone, however it ended.
process.on('disconnect', () => process.exit());
process.send?.({ dynamoDb, ssm: `http://127.0.0.1:${port}` });
