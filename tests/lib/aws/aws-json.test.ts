import { createServer, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  DynamoDBClient,
  DynamoDBServiceException,
} from '@aws-sdk/client-dynamodb';
import { GetParameterCommand, SSMClient, SSMServiceException } from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { awsJson } from '../../../lib/aws/aws-json.ts';
import { type LoopbackPort, listenOnLoopback } from '../../../support/loopback.ts';

interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent in pieces of one byte each, so that no character arrives whole. */
  readonly body: string;
}

let server: LoopbackPort;
let answers: Answer[];
let requests: { readonly message: IncomingMessage; readonly body: string }[];

beforeAll(async () => {
  const listener = createServer(async (message, response) => {
    requests.push({ message, body: await text(message) });
    const { status = 200, headers = {}, body } = answers.shift() ?? { status: 599, body: '' };
    response.writeHead(status, headers);
    for (const byte of Buffer.from(body)) response.write(Buffer.of(byte));
    response.end();
  });
  server = await listenOnLoopback(listener);
});
afterAll(() => server.close());
beforeEach(() => {
  answers = [];
  requests = [];
});

const settings = {
  region: 'us-east-1',
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  maxAttempts: 1,
};

function dynamoDb(path = '') {
  return new DynamoDBClient({ ...settings, protocol: awsJson('1.0'), endpoint: server.url + path });
}

const command = new DeleteItemCommand({
  TableName: 'sessions',
  Key: { sub: { S: 'älice 🙂' }, jti: { S: '"\\\u2028' } },
});

/** What an operation throws that is answered so. */
async function failure(answer: Answer): Promise<unknown> {
  answers = [answer];
  return dynamoDb()
    .send(command)
    .then(
      () => Promise.reject(new Error('It was a success')),
      (error: unknown) => error,
    );
}

test('posts the input as it is, under the name of the operation', async () => {
  answers = [{ body: '{}' }];
  await dynamoDb().send(command);
  const [{ message, body } = { message: undefined, body: '' }] = requests;
  expect(JSON.parse(body)).toEqual(command.input);
  expect(message).toMatchObject({ method: 'POST', url: '/' });
  expect(message?.headers).toMatchObject({
    'content-type': 'application/x-amz-json-1.0',
    'x-amz-target': 'DynamoDB_20120810.DeleteItem',
    'content-length': String(Buffer.byteLength(body)),
    authorization: expect.stringMatching(/^AWS4-HMAC-SHA256 Credential=test\//),
  });
});

test.each(['/behind/a/path', '/behind/a/path/'])('goes to an endpoint at %s', async (path) => {
  answers = [{ body: '{}' }];
  await dynamoDb(path).send(command);
  expect(requests.map(({ message }) => message.url)).toEqual(['/behind/a/path/']);
});

test('speaks version 1.1 to SSM', async () => {
  answers = [{ body: '{"Parameter":{"Value":"secret"}}' }];
  const client = new SSMClient({ ...settings, protocol: awsJson('1.1'), endpoint: server.url });
  const { Parameter } = await client.send(new GetParameterCommand({ Name: 'name' }));
  expect(Parameter?.Value).toBe('secret');
  expect(requests[0]?.message.headers).toMatchObject({
    'content-type': 'application/x-amz-json-1.1',
    'x-amz-target': 'AmazonSSM.GetParameter',
  });
  answers = [{ status: 400, body: '{"__type":"Unheard"}' }];
  await expect(client.send(new GetParameterCommand({ Name: 'name' }))).rejects.toBeInstanceOf(
    SSMServiceException,
  );
});

test('gives back the output as it came, however it was cut up on its way', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue()),
      async (row) => {
        const Attributes = JSON.parse(JSON.stringify(row));
        answers = [{ headers: { 'x-amzn-requestid': 'id' }, body: JSON.stringify({ Attributes }) }];
        expect(await dynamoDb().send(command)).toEqual({
          Attributes,
          $metadata: expect.objectContaining({ httpStatusCode: 200, requestId: 'id' }),
        });
      },
    ),
    { numRuns: 30 },
  );
});

test('an empty body is no success, and a failure by its header alone', async () => {
  expect(await failure({ body: '' })).toMatchObject({ name: 'SyntaxError' });
  const headers = { 'x-amzn-errortype': name };
  expect(await failure({ status: 400, headers, body: '' })).toMatchObject({ name });
});

const name = 'ConditionalCheckFailedException';
test.each<[string, Answer]>([
  ['its name', { body: `{"__type":"${name}","message":"No"}` }],
  [
    'its name space',
    { body: `{"__type":"com.amazonaws.dynamodb.v20120810#${name}","Message":"No"}` },
  ],
  ['a header', { headers: { 'x-amzn-errortype': `${name}:http://x/` }, body: '{"message":"No"}' }],
])('throws the exception of the model, known by %s', async (_, answer) => {
  const error = await failure({ status: 400, ...answer });
  expect(error).toBeInstanceOf(ConditionalCheckFailedException);
  expect(error).toMatchObject({ name, message: 'No', $fault: 'client' });
  expect(error).toMatchObject({ $metadata: { httpStatusCode: 400 } });
});

test('throws the service’s own exception for a name that its model does not have', async () => {
  const error = await failure({ status: 500, body: '{"__type":"x#NewException"}' });
  expect(error).toBeInstanceOf(DynamoDBServiceException);
  expect(error).not.toBeInstanceOf(ConditionalCheckFailedException);
  expect(error).toMatchObject({ name: 'NewException', message: 'status 500', $fault: 'server' });
});

test.each([300, 400, 500])('never takes status %i for a success', async (status) => {
  expect(await failure({ status, body: '{"Attributes":{}}' })).toMatchObject({
    name: 'Unknown',
    $metadata: { httpStatusCode: status },
  });
});

test.each(['<html>', '[]', 'null', '"text"', '{"Attributes":', '{"Value":"secret'])(
  'a body that is no JSON object is a fault, with status 200 as well: %s',
  async (body) => {
    for (const status of [200, 503])
      expect(await failure({ status, body })).toMatchObject({
        name: 'SyntaxError',
        // Not a character of the body, which may hold a secret.
        message: `The service’s answer (status ${status}) is no JSON object`,
        $metadata: { httpStatusCode: status },
      });
  },
);
