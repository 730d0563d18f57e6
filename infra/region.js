// serverless.yml reads this file. infra/plugin.ts refuses commands that need a region where none is named;
// `package` and `offline` need none, and the framework takes no empty text.
import { findRegion } from './region.ts';

export const region = async ({ options }) =>
  (await findRegion(options.region, options['aws-profile'])) || 'us-east-1';
