import { json } from '../lib/http/response.ts';
import { publicHandler } from '../lib/lambda/http-handler.ts';
import { documentOf } from '../lib/openapi/document.ts';

/** GET /openapi.json: the HTTP contract as OpenAPI 3.1. Needs no token and no store. */
export const handler = publicHandler(async () => json(200, documentOf(process.env)));
