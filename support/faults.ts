import { setTimeout as pause } from 'node:timers/promises';

/** A whole HTTP response; headers as a flat list of names and values. */
export interface Answer {
  readonly status: number;
  readonly headers: readonly string[];
  readonly body: Buffer;
}

/** One request that has arrived, and what can be done with it. */
export interface Exchange {
  readonly operation: string;
  readonly body: Buffer;
  /** For `slow`, in milliseconds. */
  readonly ms: number;
  /** Lets the store have the request (or another body in its place), and returns its answer. */
  forward(body?: Buffer): Promise<Answer>;
  answer(answer: Answer): void;
  /** Sends the headers and the first half of the body, and resolves when they are on their way. */
  answerHalf(answer: Answer): Promise<void>;
  /** Ends the connection with a TCP reset. */
  reset(): void;
}

type Fault = (exchange: Exchange) => Promise<void>;

export type FaultName = Exclude<keyof typeof faults, 'none'>;

const ARN = 'arn:aws:dynamodb:us-east-1:123456789012:table/sessions';

/** What can happen to a request on its way to DynamoDB and back; see FaultProxy for `refused`. */
export const faults = {
  none: async ({ forward, answer }) => answer(await forward()),

  reset: async ({ reset }) => reset(),
  'reset-after-effect': async ({ forward, reset }) => {
    await forward();
    reset();
  },
  hang: async () => {},
  'hang-after-effect': async ({ forward }) => {
    await forward();
  },
  /** The write takes effect; the headers of the answer arrive, the rest of the body never does. */
  stall: async ({ forward, answerHalf }) => answerHalf(await forward()),
  'cut-off': async ({ forward, answerHalf, reset }) => {
    await answerHalf(await forward());
    reset();
  },
  /** The store is asked at once and its answer comes late. */
  slow: async ({ forward, answer, ms }) => {
    const late = await forward();
    await pause(ms, undefined, { ref: false });
    answer(late);
  },

  throttle: awsError(400, 'ProvisionedThroughputExceededException', 'Rate of requests exceeded'),
  'internal-error': awsError(500, 'InternalServerError', 'Internal server error'),
  'internal-error-after-effect': async (exchange) => {
    await exchange.forward();
    await faults['internal-error'](exchange);
  },
  unavailable: awsError(503, 'ServiceUnavailable', 'Service is unavailable'),
  'access-denied': async (exchange) => {
    const user = 'arn:aws:sts::123456789012:assumed-role/role/function';
    const message = `User: ${user} is not authorized to perform: dynamodb:${exchange.operation} on resource: ${ARN}`;
    await awsError(400, 'AccessDeniedException', message)(exchange);
  },
  /** The name of a failed condition, under a status that says nothing about the condition. */
  'condition-of-500': awsError(
    500,
    'ConditionalCheckFailedException',
    'The conditional request failed',
  ),
  'missing-table': awsError(400, 'ResourceNotFoundException', 'Requested resource not found'),

  /** What a proxy or a captive portal says in the store's place. */
  html: async ({ answer }) =>
    answer({
      status: 200,
      headers: ['Content-Type', 'text/html'],
      body: Buffer.from('<html><body>It works!</body></html>'),
    }),
  /** A success that the store knows nothing of. */
  'empty-answer': async ({ answer }) => answer(json(200, {})),
  'empty-body': async ({ answer }) => answer({ status: 200, headers: [], body: Buffer.alloc(0) }),
  /** The answer to somebody else's request. */
  'foreign-rows': async ({ forward, answer }) => {
    const { status, headers, body } = await forward();
    const foreign = body.toString().replaceAll(/"sub":\{"S":"/g, '$&not ');
    answer({ status, headers: withoutChecksum(headers), body: Buffer.from(foreign) });
  },
  /** The right user's rows, under keys that nobody asked for. */
  'other-sessions': async ({ forward, answer }) => {
    const { status, headers, body } = await forward();
    const other = body.toString().replaceAll(/"jti":\{"S":"/g, '$&not ');
    answer({ status, headers: withoutChecksum(headers), body: Buffer.from(other) });
  },
  'truncated-json': async ({ forward, answer }) => {
    const { status, headers, body } = await forward();
    answer({
      status,
      headers: withoutChecksum(headers),
      body: body.subarray(0, Math.ceil(body.length / 2)),
    });
  },

  'unprocessed-keys': async (exchange) => unprocessed(exchange, () => true),
  'unprocessed-first-key': async (exchange) => unprocessed(exchange, (index) => index === 0),
  'unprocessed-last-key': async (exchange) =>
    unprocessed(exchange, (index, count) => index === count - 1),
} satisfies Record<string, Fault>;

function awsError(status: number, type: string, message: string): Fault {
  return async ({ answer }) => {
    answer(json(status, { __type: `com.amazonaws.dynamodb.v20120810#${type}`, message }));
  };
}

function json(status: number, body: unknown): Answer {
  return {
    status,
    headers: ['Content-Type', 'application/x-amz-json-1.0'],
    body: Buffer.from(JSON.stringify(body)),
  };
}

/** DynamoDB's checksum of the body, which is not that of a changed one. */
function withoutChecksum(rawHeaders: readonly string[]): readonly string[] {
  return rawHeaders.flatMap((name, index) =>
    index % 2 === 1 || name.toLowerCase() === 'x-amz-crc32'
      ? []
      : [name, rawHeaders[index + 1] ?? ''],
  );
}

interface BatchGet {
  readonly RequestItems: Readonly<Record<string, { readonly Keys: readonly unknown[] }>>;
}

/** BatchGetItem, of which the store leaves some keys for later. */
async function unprocessed(
  { body, forward, answer }: Exchange,
  left: (index: number, count: number) => boolean,
): Promise<void> {
  const { RequestItems, ...rest }: BatchGet = JSON.parse(body.toString());
  const split = (keep: (isLeft: boolean) => boolean) =>
    Object.fromEntries(
      Object.entries(RequestItems)
        .map(([table, { Keys, ...options }]) => {
          const kept = Keys.filter((_, index) => keep(left(index, Keys.length)));
          return [table, { ...options, Keys: kept }] as const;
        })
        .filter(([, { Keys }]) => Keys.length > 0),
    );
  const UnprocessedKeys = split((isLeft) => isLeft);
  const asked = split((isLeft) => !isLeft);
  if (Object.keys(asked).length === 0) {
    const Responses = Object.fromEntries(Object.keys(RequestItems).map((table) => [table, []]));
    answer(json(200, { Responses, UnprocessedKeys }));
    return;
  }
  const stored = await forward(Buffer.from(JSON.stringify({ ...rest, RequestItems: asked })));
  answer(json(stored.status, { ...JSON.parse(stored.body.toString()), UnprocessedKeys }));
}
