/**
 * The one DynamoDB of all contenders, in a process of its own, which also counts the requests that it
 * gets. Any message is answered with the count so far.
 */
import { subscribe } from 'node:diagnostics_channel';
import { startEmbeddedDynamoDb } from '../../support/embedded-dynamodb.ts';

let requests = 0;
subscribe('http.server.request.start', () => {
  requests += 1;
});
const { endpoint } = await startEmbeddedDynamoDb();
process.on('message', () => process.send?.({ requests }));
// The bench is gone, however it ended.
process.on('disconnect', () => process.exit());
process.send?.({ endpoint });
