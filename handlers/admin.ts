import { adminHandler } from '../lib/lambda/admin-handler.ts';

/**
 * Lists and ends sessions of any user, for administrators: invoked through Lambda's own API, so IAM
 * decides. lib/admin/request.ts has the payload.
 */
export const handler = adminHandler();
