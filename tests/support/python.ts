import { execFileSync, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { SessionStore } from '../../lib/aws/dynamodb.ts';
import { TEST_SECRET } from './signing.ts';

/** From 1.28 on boto3 reads AWS_ENDPOINT_URL_DYNAMODB, which leads the code to the local store. */
const HAS_PACKAGES =
  'import boto3, jwt; assert [int(n) for n in boto3.__version__.split(".")[:2]] >= [1, 28]';

/** Why a test is skipped. */
export const NO_PYTHON =
  'in Python: PYTHON_LOGIN_SERVICE=required npm test, where python3 has boto3 1.28 and PyJWT';

/**
 * A Python with the example's packages, where PYTHON_LOGIN_SERVICE is `required`. The first on the PATH may
 * not be Debian's.
 *
 * @throws Error where no Python has the packages
 */
export function findPython(): string | undefined {
  if (process.env.PYTHON_LOGIN_SERVICE !== 'required') return undefined;
  const found = ['python3', '/usr/bin/python3'].find((candidate) => {
    try {
      execFileSync(candidate, ['-c', HAS_PACKAGES], { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  });
  if (!found) throw new Error('PYTHON_LOGIN_SERVICE is required: pip install boto3 PyJWT');
  return found;
}

/** Calls functions of examples/python/true_logout.py by its clock, one line of JSON each. */
const DRIVER = `
import datetime, json, sys, time
sys.path.insert(0, "examples/python")
import jwt.api_jwt, true_logout

class Clock(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return datetime.datetime.fromtimestamp(time.time(), tz)

jwt.api_jwt.datetime = Clock
time.sleep = lambda seconds: None
for line in sys.stdin:
    name, arguments, now = json.loads(line)
    time.time = lambda: now / 1000
    try:
        answer = {"value": getattr(true_logout, name)(*arguments)}
    except Exception as error:
        answer = {"error": repr(error)}
    print(json.dumps(answer), flush=True)
`;

/** The example in a process of its own. */
export interface PythonExample {
  /**
   * Calls a function of the example with the table, then these arguments.
   *
   * @param nowMs the process's clock, in epoch milliseconds
   * @throws Error with the text of the Python exception
   */
  call(name: string, args: readonly unknown[], nowMs?: number): Promise<unknown>;
  /** Like {@link call}, with the secret after the table. */
  callSigned(name: string, args: readonly unknown[], nowMs?: number): Promise<unknown>;
  stop(): void;
}

/** Starts the example on a store whose endpoint the SDK's variables name. */
export function startPythonExample(python: string, { table }: SessionStore): PythonExample {
  const { AWS_REGION = 'us-east-1' } = process.env;
  const child = spawn(python, ['-c', DRIVER], {
    env: { ...process.env, AWS_DEFAULT_REGION: AWS_REGION, PYTHONDONTWRITEBYTECODE: '1' },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  let last: Promise<unknown> = Promise.resolve();
  async function ask(name: string, args: readonly unknown[], nowMs: number): Promise<unknown> {
    child.stdin.write(`${JSON.stringify([name, args, nowMs])}\n`);
    const line = await lines.next();
    if (line.done) throw new Error('The Python process has ended');
    const answer: { value?: unknown; error?: string } = JSON.parse(line.value);
    if (answer.error !== undefined) throw new Error(answer.error);
    return answer.value;
  }
  const call = (name: string, args: readonly unknown[], nowMs = Date.now()) => {
    // One answer after another.
    const next = last.then(
      () => ask(name, [table, ...args], nowMs),
      () => ask(name, [table, ...args], nowMs),
    );
    last = next;
    return next;
  };
  return {
    call,
    callSigned: (name, args, nowMs) => call(name, [TEST_SECRET, ...args], nowMs),
    stop: () => child.kill(),
  };
}
