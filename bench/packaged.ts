import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageCopy } from '../support/package-copy.ts';
import { unzip } from '../support/unzip.ts';
import { BACKCHANNEL_PARAMETERS } from './backchannel.ts';

/** A function as it would be deployed: its package unpacked, and the settings of its template. */
export interface PackagedFunction {
  readonly name: string;
  /** For example `handlers/logout.handler`. */
  readonly handler: string;
  readonly memoryMb: number;
  /** Where the package is unpacked: `/var/task` in Lambda. */
  readonly taskRoot: string;
  /** The template's variables that are plain texts; references are left out. */
  readonly variables: Readonly<Record<string, string>>;
}

const FUNCTIONS = [
  'logout',
  'me',
  'authorizer',
  'backchannelLogout',
  'introspect',
  'revoke',
] as const;
type FunctionName = (typeof FUNCTIONS)[number];

/** A client without a secret: the endpoints for clients are there, and a part brings its own client. */
const PARAMETERS = {
  ...BACKCHANNEL_PARAMETERS,
  oauthClients: JSON.stringify({ bench: '0'.repeat(64) }),
};

export interface Packages {
  readonly directory: string;
  readonly functions: Readonly<Record<FunctionName, PackagedFunction>>;
}

interface Resource {
  readonly Properties: {
    readonly Handler: string;
    readonly MemorySize: number;
    readonly Environment: { readonly Variables: Readonly<Record<string, unknown>> };
  };
}

/**
 * Runs `serverless package` in a copy of the project, and unpacks the zip files.
 *
 * @param directory an empty folder for all
 */
export async function packageFunctions(directory: string): Promise<Packages> {
  const output = join(directory, 'package');
  await packageCopy(join(directory, 'project'), output, PARAMETERS);
  const template = readFileSync(join(output, 'cloudformation-template-update-stack.json'), 'utf8');
  const { Resources } = JSON.parse(template);
  const unpack = (name: FunctionName): PackagedFunction => {
    const resource: Resource = Resources[`${name[0]?.toUpperCase()}${name.slice(1)}LambdaFunction`];
    const { Handler: handler, MemorySize: memoryMb, Environment } = resource.Properties;
    const taskRoot = join(directory, name);
    unzip(join(output, `${name}.zip`), taskRoot);
    const texts = Object.entries(Environment.Variables).filter(
      (variable): variable is [string, string] => typeof variable[1] === 'string',
    );
    return { name, handler, memoryMb, taskRoot, variables: Object.fromEntries(texts) };
  };
  const functions = Object.fromEntries(FUNCTIONS.map((name) => [name, unpack(name)]));
  return { directory, functions: functions as Packages['functions'] };
}
