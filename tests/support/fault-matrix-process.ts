import { createRequire } from 'node:module';
import { constants, Script } from 'node:vm';
import type { Context } from 'aws-lambda';
import { bundleFunctions, type FunctionName } from '../../support/bundle-functions.ts';

/** All functions as one new Lambda process has them: its own modules, variables and budget of retries. */
export type FreshFunctions = Readonly<
  Record<FunctionName, (event: unknown, context: Context) => Promise<unknown>>
>;

type Variables = Readonly<Record<string, string>>;

/**
 * Bundles the functions once, so that a fresh copy of them takes some 10 ms. Each copy sees an
 * environment of its own in place of this process's, so that copies with different stores and keys can
 * work beside one another.
 */
export async function functionStarter(): Promise<(variables: Variables) => FreshFunctions> {
  const code = await bundleFunctions();
  const script = new Script(`(function (exports, require, module, process) {${code}\n})`, {
    // The SDK imports node:http when it is first needed.
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  const load = script.runInThisContext();
  return (variables) => {
    const module = { exports: {} as FreshFunctions };
    const ownProcess = Object.create(process, { env: { value: { ...variables } } });
    load(module.exports, createRequire(import.meta.url), module, ownProcess);
    return module.exports;
  };
}
