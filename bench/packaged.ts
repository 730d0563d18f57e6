import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageCopy } from '../support/package-copy.ts';
import { unzip } from '../support/unzip.ts';

/** A function as it would be deployed: its package unpacked, and what its template says of it. */
export interface PackagedFunction {
  readonly name: string;
  /** For example `handlers/logout.handler`. */
  readonly handler: string;
  readonly memoryMb: number;
  /** Where the package is unpacked: `/var/task` in Lambda. */
  readonly taskRoot: string;
  /** The variables that the template sets to plain texts; references are left out. */
  readonly variables: Readonly<Record<string, string>>;
}

export type FunctionName = 'logout' | 'me' | 'authorizer';
export type Packages = AsyncDisposable & {
  readonly directory: string;
  readonly functions: Readonly<Record<FunctionName, PackagedFunction>>;
};

/**
 * Runs `serverless package` and unpacks the zip files. It runs in a copy of the project, so that what
 * a running `npm start` reads stays as it is.
 */
export async function packageFunctions(): Promise<Packages> {
  await using cleanup = new AsyncDisposableStack();
  const directory = mkdtempSync(join(tmpdir(), 'bench-'));
  cleanup.defer(() => rmSync(directory, { recursive: true }));
  const output = join(directory, 'package');
  await packageCopy(join(directory, 'project'), output);
  const template = JSON.parse(
    readFileSync(join(output, 'cloudformation-template-update-stack.json'), 'utf8'),
  );
  const unpack = (name: FunctionName) => {
    const taskRoot = join(directory, name);
    unzip(join(output, `${name}.zip`), taskRoot);
    return packagedFunction(name, taskRoot, template.Resources);
  };
  const functions = {
    logout: unpack('logout'),
    me: unpack('me'),
    authorizer: unpack('authorizer'),
  };
  const kept = cleanup.move();
  return { directory, functions, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

interface LambdaFunction {
  readonly Properties: {
    readonly Handler: string;
    readonly MemorySize: number;
    readonly Environment: { readonly Variables: Readonly<Record<string, unknown>> };
  };
}

function packagedFunction(
  name: string,
  taskRoot: string,
  resources: Readonly<Record<string, LambdaFunction>>,
): PackagedFunction {
  const resource = resources[`${name[0]?.toUpperCase()}${name.slice(1)}LambdaFunction`];
  if (!resource) throw new Error(`The template has no function ${name}`);
  const { Handler, MemorySize, Environment } = resource.Properties;
  const variables = Object.entries(Environment.Variables).flatMap(([variable, value]) =>
    typeof value === 'string' ? [[variable, value] as const] : [],
  );
  return {
    name,
    handler: Handler,
    memoryMb: MemorySize,
    taskRoot,
    variables: Object.fromEntries(variables),
  };
}
