import { fromEnv } from '@aws-sdk/credential-provider-env';

/**
 * Stands in for `@aws-sdk/credential-provider-node` when functions are bundled (`custom.esbuild.alias` in
 * serverless.yml). Lambda hands its role's credentials over in environment variables, so that the SDK's
 * chain of profiles, SSO, processes and metadata services, 110 kB of a bundle, is never asked.
 */
export const defaultProvider = (): ReturnType<typeof fromEnv> => fromEnv();
