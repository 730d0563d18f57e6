import { Logger } from '@aws-lambda-powertools/logger';
import { serviceName } from '../auth/config.ts';

/** One structured JSON line a call. Never pass it a token, a claim, a header or an event. */
export const logger = new Logger({ serviceName: serviceName() });
