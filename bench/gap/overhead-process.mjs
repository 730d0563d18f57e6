/**
 * Two warm functions in one process: calls both packaged handlers with one pair of events after the
 * other, every other pair in the reverse order, and reports what each call took. Plain JavaScript, as the
 * packages themselves are.
 *
 * argv: the module of `me`, that of `authorizer`, a JSON file with { warmUp: pairs, measured: pairs }
 */
import { readFileSync } from 'node:fs';

const [mePath, authorizerPath, file] = process.argv.slice(2);
const me = await load(mePath);
const authorizer = await load(authorizerPath);
const { warmUp, measured } = JSON.parse(readFileSync(file, 'utf8'));
const context = {
  awsRequestId: '2a1c1b1e-93a5-4a3e-9a29-6f6f0f8f1d11',
  functionName: 'bench',
  memoryLimitInMB: '512',
  getRemainingTimeInMillis: () => 10_000,
};

async function load(path) {
  const module = await import(path);
  return module.handler ?? module.default.handler;
}

async function timed(handler, event, isRight) {
  const start = process.hrtime.bigint();
  const answer = await handler(event, context);
  const us = Number(process.hrtime.bigint() - start) / 1_000;
  if (!isRight(answer)) throw new Error(`Answered ${JSON.stringify(answer)}`);
  return us;
}

async function callAll(pairs) {
  const times = { me: [], authorizer: [] };
  const callMe = async (event) =>
    times.me.push(await timed(me, event, ({ statusCode }) => statusCode === 200));
  const callAuthorizer = async (event) =>
    times.authorizer.push(
      await timed(authorizer, event, ({ isAuthorized }) => isAuthorized === true),
    );
  for (const [index, pair] of pairs.entries()) {
    if (index % 2 === 0) await callMe(pair.me);
    await callAuthorizer(pair.authorizer);
    if (index % 2 === 1) await callMe(pair.me);
  }
  return times;
}

await callAll(warmUp);
process.send(await callAll(measured));
process.disconnect();
process.exit(0);
