import { readConfiguration } from '../../lib/auth/config.ts';
import { ConfigurationError, type Environment } from '../../lib/shared/environment.ts';

/** The error of reading variables of which one is wrong. */
export function configurationError(variables: Environment): ConfigurationError {
  try {
    readConfiguration(variables);
  } catch (error) {
    if (error instanceof ConfigurationError) return error;
    throw error;
  }
  throw new Error('The configuration was accepted');
}
