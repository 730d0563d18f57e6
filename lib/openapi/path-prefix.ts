/** Where the endpoints are by default; a deployment's parameter `pathPrefix` replaces it. */
export const PATH_PREFIX = '/api/v1/auth';
