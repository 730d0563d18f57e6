import { fromEnv } from '@aws-sdk/credential-provider-env';
import { memoizeAsync } from '../../lib/shared/memoize.ts';

/**
 * Stands in for `@aws-sdk/credential-provider-node`: Lambda hands its role's credentials over in environment
 * variables, so that the SDK's chain of profiles, SSO, processes and metadata services is never asked. They do
 * not change in the life of a process, and each look at `process.env` is a call into the system.
 */
export const defaultProvider = (): ReturnType<typeof fromEnv> => memoizeAsync(fromEnv());
