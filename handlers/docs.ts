import { docsFile } from '../lib/docs-files.ts';
import { sendDocsFile, sendToPage } from '../lib/docs-response.ts';
import { HttpError } from '../lib/http/response.ts';
import { publicHandler } from '../lib/lambda/http-handler.ts';

/**
 * GET /docs and GET /docs/{file}: the page that shows /openapi.json and tries it. It knows no token and no
 * store: what is tried goes from the browser to the endpoints themselves.
 */
export const handler = publicHandler(async (request) => {
  if (request.path.endsWith('/docs/')) return sendToPage();
  const file = await docsFile(request.pathParameter('file'));
  if (!file) throw new HttpError(404, 'Not Found');
  return sendDocsFile(file, request);
});
