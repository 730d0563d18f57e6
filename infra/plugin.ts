import { readConfiguration } from '../lib/auth/config.ts';
import { readClients } from '../lib/oauth/clients.ts';
import { ConfigurationError } from '../lib/shared/environment.ts';
import { checkParameters, ParameterError, parametersOf, type Stages } from './parameters.ts';
import { findRegion, NO_REGION } from './region.ts';

type Variables = Readonly<Record<string, unknown>>;

interface FunctionSettings {
  readonly environment?: Variables;
  /** Routes, as infra/functions.ts has them. */
  readonly events?: readonly { readonly httpApi?: string }[];
}

/** The parts of the framework that this plugin and the local run use. */
export interface Framework {
  readonly service: {
    readonly provider: {
      environment: Variables;
      readonly stage: string;
      readonly httpApi: { readonly cors: { readonly allowedOrigins: readonly string[] } };
    };
    readonly custom: { readonly esbuild: object };
    readonly service: string;
    readonly functions: Readonly<Record<string, FunctionSettings>>;
    setFunctionNames(options: object): void;
  };
  readonly configurationInput: { readonly params: Stages };
  readonly pluginManager: { getPlugins(): readonly object[] };
  readonly processedInput: {
    readonly commands: readonly string[];
    readonly options: {
      readonly param?: readonly string[];
      readonly region?: string;
      readonly 'aws-profile'?: string;
    };
  };
  readonly classes: { readonly Error: new (message: string, code: string) => Error };
}

/** Commands that ask nothing of AWS. */
const WITHOUT_REGION = ['offline', 'package', 'print'];

/**
 * The service's own plugin: checks stage, region and parameters before a command, the configuration before
 * packaging, and starts the local run. Only `serverless offline` loads files of local/.
 */
export default class ServicePlugin {
  readonly hooks: Readonly<Record<string, () => Promise<void>>>;

  constructor(framework: Framework, options: object) {
    const local = async () => import('../local/plugin.ts');
    const start = async () => (await local()).startLocalRun(framework, options);
    const check = async () => inOneLine(framework, () => checkCommand(framework));
    const [command] = framework.processedInput.commands;
    this.hooks =
      command === 'offline'
        ? {
            initialize: async () => {
              await check();
              (await local()).prepareLocalRun(framework, options);
            },
            'before:offline:start': start,
            'before:offline:start:init': start,
          }
        : {
            initialize: check,
            'before:package:initialize': () =>
              inOneLine(framework, () => checkFunctions(framework)),
          };
  }
}

/** Turns what is wrong with a setting into the framework's error, which has no trace. */
async function inOneLine({ classes }: Framework, check: () => unknown): Promise<void> {
  try {
    await check();
  } catch (error) {
    if (!(error instanceof ConfigurationError || error instanceof ParameterError)) throw error;
    const what = error instanceof ConfigurationError ? 'Wrong parameter: ' : '';
    throw new classes.Error(`${what}${error.message}`, 'WRONG_PARAMETER');
  }
}

async function checkCommand(framework: Framework): Promise<void> {
  const { service, configurationInput, processedInput, classes } = framework;
  const { param, region, 'aws-profile': profile } = processedInput.options;
  checkParameters(parametersOf(configurationInput.params, service.provider.stage, param));
  const [command = ''] = processedInput.commands;
  if (!WITHOUT_REGION.includes(command) && !(await findRegion(region, profile)))
    throw new classes.Error(NO_REGION, 'NO_REGION');
}

/** https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html, measured as JSON */
const MAX_VARIABLE_BYTES = 4_096;
/** Stands for values that only CloudFormation knows, of which the stack's id is the longest. */
const UNKNOWN = 'x'.repeat(200);

/**
 * Reads each function's variables as the function does, so that a wrong parameter is never deployed.
 *
 * @throws ConfigurationError, which names the variable; the parameter has its name in camel case
 */
function checkFunctions({ service }: Framework): void {
  for (const [name, { environment }] of Object.entries(service.functions)) {
    const all = { ...service.provider.environment, ...environment };
    const known = Object.entries(all).filter(([, value]) => typeof value !== 'object');
    const texts = Object.fromEntries(known.map(([key, value]) => [key, String(value ?? '')]));
    readConfiguration(texts);
    readClients(texts);
    const unknown = Object.fromEntries(Object.keys(all).map((key) => [key, UNKNOWN]));
    const bytes = Buffer.byteLength(JSON.stringify({ ...unknown, ...texts }));
    if (bytes > MAX_VARIABLE_BYTES)
      throw new ParameterError(
        `the variables of ${name} have ${bytes} bytes, and Lambda takes ${MAX_VARIABLE_BYTES}; a JWKS URL is shorter than a JWKS`,
      );
  }
}
