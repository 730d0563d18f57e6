import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';

/** Addresses that never leave the machine. */
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** `--host` of a run that listens on every address, as inside a container. */
const EVERY_ADDRESS = ['0.0.0.0', '::'];

/** A host as a URL has it: an IPv6 address in brackets (RFC 3986, section 3.2.2). */
export function hostInUrl(host: string): string {
  return isIP(host) === 6 ? `[${host}]` : host;
}

/** Whether what listens on this host can be reached from this machine only. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.test(hostInUrl(host).toLowerCase());
}

/**
 * Whether a request was sent to this machine under a name that is its own. Any other name is that of a
 * website which points to 127.0.0.1 (DNS rebinding), so that a browser takes our answers for the site's.
 * An address in place of a name can't be pointed anywhere.
 *
 * @param host the header
 * @param configured what `--host` says
 */
export function isOwnHost(host: string | undefined, configured: string): boolean {
  const url = `http://${host}/`;
  if (!host || !/^[\w.:[\]-]+$/.test(host) || !URL.canParse(url)) return false;
  const { hostname } = new URL(url);
  if (LOOPBACK.test(hostname) || hostname === hostInUrl(configured).toLowerCase()) return true;
  return EVERY_ADDRESS.includes(configured) && isIP(hostname.replace(/^\[|\]$/g, '')) !== 0;
}

/**
 * Whether a browser sent a request for another site's page, or for another port's. Both headers are the
 * browser's own, which no page can set: https://www.w3.org/TR/fetch-metadata/ and RFC 6454, section 7.
 * Sec-Fetch-Site is missing where the address is no secure context (another machine's, over http), and
 * Origin is then there whenever an answer could be read or something changed. curl sends neither.
 */
export function isFromElsewhere(headers: IncomingHttpHeaders): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return true;
  const { origin, host } = headers;
  if (origin === undefined) return false;
  return !URL.canParse(origin) || new URL(origin).host !== host?.toLowerCase();
}
