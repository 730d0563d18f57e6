import { createRequire } from 'node:module';
import { constants, Script } from 'node:vm';
import { beforeAll } from '@jest/globals';
import type { Context } from 'aws-lambda';
import type { timeouts } from '../../../lib/shared/timeouts.ts';
import { bundleFunctions, type FunctionName } from '../../../support/bundle-functions.ts';
import { late } from '../late.ts';
import type { ProxiedStore } from '../proxied-store.ts';
import { TEST_SECRET } from '../signing.ts';

/** All functions as a new Lambda process has them: own modules, variables and retry budget. */
export type FreshFunctions = Readonly<
  Record<FunctionName, (event: unknown, context: Context) => Promise<unknown>>
>;

/** The variables of functions that use a table, but for those of the keys. */
export function variablesOf(endpoint: string, table: string): Record<string, string> {
  return {
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_ENDPOINT_URL_DYNAMODB: endpoint,
    SESSIONS_TABLE: table,
  };
}

/** Starts the functions with these variables, and with some time-outs changed (milliseconds). */
export type StartFunctions = (
  variables: Readonly<Record<string, string>>,
  changed?: Partial<Record<keyof typeof timeouts, number>>,
) => FreshFunctions;

/**
 * Bundles the functions once, so that a fresh copy of them takes some 10 ms. Each copy sees an
 * environment of its own in place of this process's, so that copies with different stores and keys can
 * work beside one another.
 */
export async function functionStarter(): Promise<StartFunctions> {
  // Only this bundle reads TEST_TIMEOUTS.
  const code = await bundleFunctions({
    file: 'lib/shared/timeouts.ts',
    text: 'Object.assign(timeouts, JSON.parse(process.env.TEST_TIMEOUTS));',
  });
  const script = new Script(`(function (exports, require, module, process) {${code}\n})`, {
    // The SDK imports node:http when it is first needed.
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  const load = script.runInThisContext();
  return (variables, changed = {}) => {
    const module = { exports: {} as FreshFunctions };
    const env = { ...variables, TEST_TIMEOUTS: JSON.stringify(changed) };
    const ownProcess = Object.create(process, { env: { value: env } });
    load(module.exports, createRequire(import.meta.url), module, ownProcess);
    return module.exports;
  };
}

/**
 * Registers the functions as deployed, on a store's proxy and with the tests' secret, for all tests of a file.
 *
 * @param more variables of theirs
 */
export function useFunctions(
  { proxy, direct }: ProxiedStore,
  changed?: Parameters<StartFunctions>[1],
  more: Readonly<Record<string, string>> = {},
): { readonly functions: FreshFunctions; readonly start: StartFunctions } {
  let start: StartFunctions;
  let functions: FreshFunctions;
  beforeAll(async () => {
    const starter = await functionStarter();
    start = (variables, timeOuts) =>
      starter({ ...variablesOf(proxy.endpoint, direct.table), ...variables }, timeOuts);
    functions = start({ JWT_SECRET: TEST_SECRET, ...more }, changed);
  });
  return { functions: late(() => functions), start: (...args) => start(...args) };
}
