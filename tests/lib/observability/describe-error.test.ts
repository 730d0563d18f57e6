import { runInNewContext } from 'node:vm';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  describeError,
  MAX_MESSAGE_LENGTH,
  MAX_TRACE_LENGTH,
} from '../../../lib/observability/describe-error.ts';

const plain = (text: string) => text;

/** Throws at whatever is done with it. */
const untouchable: unknown = new Proxy(
  {},
  new Proxy(
    {},
    {
      get: () => () => {
        throw new Error('Do not touch');
      },
    },
  ),
);

describe('the words for what was thrown', () => {
  class Subclass extends Error {}
  class Named extends Error {
    override readonly name = 'NamedError';
  }

  const withoutStack = Object.assign(new Error('a'), { stack: undefined });
  const withoutPrototype = Object.assign(Object.create(null), { code: 7 });
  test.each<[string, unknown, message: string, type: string, trace: RegExp]>([
    ['an Error', new Error('a'), 'a', 'Error', /^Error: a\n {4}at /],
    ['an Error without a message', new Error(), '', 'Error', /^Error/],
    ['a subclass', new Subclass('a'), 'a', 'Subclass', /^Error: a/],
    ['one with a name', new Named('a'), 'a', 'NamedError', /: a\n/],
    ['one of another realm', runInNewContext('new RangeError("a")'), 'a', 'RangeError', /: a/],
    ['a frozen Error', Object.freeze(new Error('a')), 'a', 'Error', /: a/],
    ['a string', 'a', 'a', 'string', /^string thrown without a stack$/],
    ['an empty string', '', '', 'string', /^string thrown/],
    ['undefined', undefined, 'undefined', 'undefined', /^undefined thrown without a stack$/],
    ['null', null, 'null', 'null', /^null thrown without a stack$/],
    ['a bigint', 7n, '7', 'bigint', /^bigint thrown/],
    ['a symbol', Symbol('a'), 'Symbol(a)', 'symbol', /^symbol thrown/],
    ['an object', { code: 7 }, '{"code":7}', 'Object', /^Object thrown/],
    ['a frozen one with a message', Object.freeze({ message: 'a' }), 'a', 'Object', /^Object thr/],
    ['an object without a prototype', withoutPrototype, '{"code":7}', 'Object', /^Object thrown/],
    ['an Error without a stack', withoutStack, 'a', 'Error', /^Error thrown without a stack$/],
  ])('are there for %s', (_, thrown, message, type, trace) => {
    const described = describeError(thrown, plain);
    expect(described).toMatchObject({ message, type });
    expect(described.trace).toMatch(trace);
  });

  const INDESCRIBABLE = 'An error that cannot be described';
  const circular: Record<string, unknown> = {};
  circular.self = circular;

  const fails = () => {
    throw new Error('No');
  };
  test.each<[string, unknown]>([
    ['an Error whose message fails', Object.defineProperty(new Error(), 'message', { get: fails })],
    ['a proxy that throws at everything', untouchable],
    ['an object that refers to itself', circular],
    ['an object whose JSON can’t be made', { toJSON: fails }],
    ['an AggregateError of itself', recursiveAggregate()],
    ['an Error whose cause throws at everything', new Error('a', { cause: untouchable })],
    ['a message that is a symbol', Object.assign(new Error(), { message: Symbol('a') })],
  ])('do without a look at %s', (_, thrown) => {
    const { message, type, trace } = describeError(thrown, plain);
    expect(message).toBe(INDESCRIBABLE);
    expect(type).not.toBe('');
    expect(trace).not.toBe('');
  });

  test('never throw, and are strings, for any value at all', () => {
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true, withBigInt: true }), (thrown) => {
        for (const text of Object.values(describeError(thrown, plain)))
          expect(typeof text).toBe('string');
      }),
    );
  });
});

function recursiveAggregate(): AggregateError {
  const errors: unknown[] = [];
  const error = new AggregateError(errors, '');
  error.errors.push(error);
  return error;
}

describe('what led to an error', () => {
  test('stands in the trace, in order, also where it is no Error', () => {
    const root = new Error('the root', { cause: 'a thrown string' });
    const error = new Error('the top', { cause: new TypeError('the middle', { cause: root }) });
    expect(describeError(error, plain).trace.match(/^.*the .*$|^Caused by.*$/gm)).toEqual([
      'Error: the top',
      'Caused by: TypeError: the middle',
      'Caused by: Error: the root',
      'Caused by: a thrown string',
    ]);
  });

  test('is named for a host of which no address accepts, where Node’s message is empty', () => {
    const error = new AggregateError([
      new Error('connect ECONNREFUSED ::1:8000'),
      new Error('connect ECONNREFUSED 127.0.0.1:8000'),
    ]);
    const { message, trace } = describeError(error, plain);
    expect(message).toBe('connect ECONNREFUSED ::1:8000; connect ECONNREFUSED 127.0.0.1:8000');
    expect(trace).toContain('Caused by: Error: connect ECONNREFUSED 127.0.0.1:8000');
  });

  test('ends where it begins again', () => {
    const error = new Error('the egg');
    error.cause = new Error('the hen', { cause: error });
    expect(describeError(error, plain).trace.match(/the (egg|hen)/g)).toEqual([
      'the egg',
      'the hen',
    ]);
  });

  test('is limited to a few', () => {
    let error = new Error('0');
    for (let depth = 1; depth < 100; depth += 1) error = new Error(`${depth}`, { cause: error });
    expect(describeError(error, plain).trace.match(/^Caused by/gm)).toHaveLength(4);
  });
});

describe('long texts', () => {
  test.each([
    ['just at the limit', MAX_MESSAGE_LENGTH, MAX_MESSAGE_LENGTH],
    ['just over it', MAX_MESSAGE_LENGTH + 1, MAX_MESSAGE_LENGTH],
    ['far over it', 10_000_000, MAX_MESSAGE_LENGTH],
  ])('are cut: a message %s', (_, length, expected) => {
    const { message, trace } = describeError(new Error('m'.repeat(length)), plain);
    expect(message).toBe('m'.repeat(expected));
    expect(trace.length).toBeLessThanOrEqual(MAX_TRACE_LENGTH);
  });

  test('are redacted before they are cut, so that no half of a credential stays', () => {
    const credential = 'credential-'.repeat(10);
    const message = `${'m'.repeat(MAX_MESSAGE_LENGTH - 20)}${credential}`;
    const redact = (text: string) => text.replaceAll(credential, '***');
    expect(describeError(new Error(message), redact).message).not.toContain('credential');
  });
});
