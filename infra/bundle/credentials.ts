import { fromEnv } from '@aws-sdk/credential-provider-env';
import { memoizeAsync } from '../../lib/shared/memoize.ts';

/**
 * Replaces `@aws-sdk/credential-provider-node`: Lambda passes its role's credentials in environment
 * variables, so the SDK's chain of profiles, SSO, processes and metadata services is never asked. The
 * variables do not change within a process, and each read of `process.env` is a system call.
 */
export const defaultProvider = (): ReturnType<typeof fromEnv> => memoizeAsync(fromEnv());
