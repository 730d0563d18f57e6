import { readConfiguration } from '../lib/auth/config.ts';
import { ConfigurationError } from '../lib/shared/environment.ts';

/** The parts of the framework that this plugin and the local run use. */
export interface Framework {
  readonly service: {
    readonly provider: { environment: Record<string, unknown> };
    readonly custom: { readonly esbuild: object };
    readonly functions: Record<string, object>;
    setFunctionNames(options: object): void;
  };
  readonly pluginManager: { getPlugins(): readonly object[] };
  readonly processedInput: { readonly commands: readonly string[] };
  readonly classes: { readonly Error: new (message: string, code: string) => Error };
}

/**
 * The service's own plugin: checks the configuration before packaging, and starts the local run. Only
 * `serverless offline` loads files of local/.
 */
export default class ServicePlugin {
  readonly hooks: Readonly<Record<string, () => Promise<void>>>;

  constructor(framework: Framework, options: object) {
    const local = async () => import('../local/plugin.ts');
    const start = async () => (await local()).startLocalRun(framework, options);
    const [command] = framework.processedInput.commands;
    this.hooks =
      command === 'offline'
        ? {
            initialize: async () => (await local()).prepareLocalRun(framework, options),
            'before:offline:start': start,
            'before:offline:start:init': start,
          }
        : { 'before:package:initialize': async () => checkConfiguration(framework) };
  }
}

/**
 * Reads the functions' variables as the functions do, so that a wrong parameter is never deployed.
 *
 * @throws the framework's error, which names the variable; the parameter has its name in camel case
 */
function checkConfiguration({ service, classes }: Framework): void {
  const texts = Object.entries(service.provider.environment)
    .filter(([, value]) => typeof value !== 'object')
    .map(([name, value]) => [name, String(value)]);
  try {
    // CloudFormation knows the table's name; any valid one stands for it here.
    readConfiguration({ ...Object.fromEntries(texts), SESSIONS_TABLE: 'sessions' });
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    throw new classes.Error(`Wrong parameter: ${error.message}`, 'WRONG_PARAMETER');
  }
}
