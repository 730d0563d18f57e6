import { loadConfig, NODE_REGION_CONFIG_FILE_OPTIONS } from '@smithy/core/config';

/**
 * Finds the region of everything that talks to AWS: the option, else AWS_REGION, else AWS_DEFAULT_REGION (which
 * the SDK for JavaScript does not read), else the region of the profile. An empty variable is not set.
 *
 * @param profile name of the profile; undefined: AWS_PROFILE, else `default`
 * @returns an empty text where no region is named
 */
export async function findRegion(option?: string, profile?: string): Promise<string> {
  const { AWS_REGION, AWS_DEFAULT_REGION } = process.env;
  const named = option || AWS_REGION || AWS_DEFAULT_REGION;
  if (named) return named;
  const region = {
    environmentVariableSelector: () => undefined,
    configFileSelector: (section: Readonly<Record<string, string | undefined>>) => section.region,
    default: '',
  };
  return loadConfig(region, {
    ...NODE_REGION_CONFIG_FILE_OPTIONS,
    ...(profile ? { profile } : {}),
  })();
}

/** The one line for a command without a region. A default would deploy a second service unnoticed. */
export const NO_REGION = 'No region: give --region, or set AWS_REGION, or a region of the profile';
