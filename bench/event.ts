import { eventV2 } from '../tests/support/events.ts';

export function logoutEvent(token: string) {
  return eventV2({ headers: headers(token) });
}

export function meEvent(token: string) {
  return eventV2({ method: 'GET', path: '/api/v1/auth/me', headers: headers(token) });
}

/** The headers that a browser's request arrives with at an HTTP API. */
function headers(token: string): Record<string, string> {
  return {
    accept: '*/*',
    'accept-encoding': 'gzip, deflate, br',
    authorization: `Bearer ${token}`,
    'content-length': '0',
    host: 'api.example.com',
    'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
    'x-amzn-trace-id': 'Root=1-67891233-abcdef012345678912345678',
    'x-forwarded-for': '192.0.2.1',
    'x-forwarded-port': '443',
    'x-forwarded-proto': 'https',
  };
}
