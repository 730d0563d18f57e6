import { json } from '../lib/http/response.ts';
import { publicHandler } from '../lib/lambda/http-handler.ts';
import { documentOf } from '../lib/openapi/document.ts';

const document = documentOf(process.env);

/** GET /openapi.json: the HTTP contract as OpenAPI 3.1, as the deployment is configured. Needs no token and no store. */
export const handler = publicHandler(async () => json(200, document));
