import { Logger } from '@aws-lambda-powertools/logger';
import { serviceName } from './settings.ts';

/** Writes one JSON line per call. Never pass a token, a claim, a header or an event. */
export const logger = new Logger({ serviceName: serviceName() });
