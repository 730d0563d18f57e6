import { type Services, services } from '../auth/services.ts';
import type { HttpRequest } from '../http/request.ts';
import type { HttpResponse } from '../http/response.ts';
import { publicHandler } from './http-stack.ts';

/** An endpoint: a request in, a response out; an HttpError thrown is an answer as well. */
export type Endpoint = (request: HttpRequest, services: Services) => Promise<HttpResponse>;

/**
 * Wraps an endpoint that works with tokens and sessions into a Lambda handler. `lib/lambda/http-stack.ts` has what
 * it does around all of them.
 */
export function httpHandler(endpoint: Endpoint) {
  // Inside the stack: a wrong configuration is an error of the request, with the 500 payload.
  return publicHandler(async (request) => endpoint(request, services()));
}
