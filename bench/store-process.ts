/**
 * The session table of a benchmark and the parameter store, in a process of their own, which also
 * count the requests that they get by operation. Run by bench/store.ts with BENCH_SECRET, the value of
 * every parameter; any message is answered with the counts so far.
 */
import { subscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startEmbeddedDynamoDb } from '../local/embedded-dynamodb.ts';

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
      Parameter: { Name, Type: 'SecureString', Value: process.env.BENCH_SECRET, Version: 1 },
    }),
  );
});
parameterStore.listen(0, '127.0.0.1');
await once(parameterStore, 'listening');
const { port } = parameterStore.address() as AddressInfo;

process.on('message', () => process.send?.(counts));
// The bench is gone, however it ended.
process.on('disconnect', () => process.exit());
process.send?.({ dynamoDb, ssm: `http://127.0.0.1:${port}` });
