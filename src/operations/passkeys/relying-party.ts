import { isIP } from 'node:net';
import { ApiError } from '../../contract/errors.js';

/** The site that passkeys belong to: browsers give each site its own. */
export interface RelyingParty {
  /** Host name; a passkey is of use under this one alone. */
  readonly id: string;
  /** What browsers put into what they sign: scheme, host and port. */
  readonly origin: string;
}

/**
 * The site under which clients reach the daemon. Browsers know passkeys for host names over https, and for localhost,
 * which also stands for the loopback addresses.
 *
 * @throws ApiError invalid_state when the address can have none
 */
export function relyingParty(baseUrl: string): RelyingParty {
  const url = new URL(baseUrl);
  if (isLoopback(url.hostname)) url.hostname = 'localhost';
  const { hostname, protocol, origin } = url;
  const local = hostname === 'localhost' || hostname.endsWith('.localhost');
  if (!local && (protocol !== 'https:' || isAddress(hostname))) {
    throw new ApiError(
      'invalid_state',
      `Browsers have no passkeys for ${origin}: call the daemon by https and a host name, or by http://localhost on its own machine (http.tls and http.publicBaseUrl in the configuration)`,
    );
  }
  return { id: hostname, origin };
}

function isLoopback(hostname: string): boolean {
  return hostname === '[::1]' || (isIP(hostname) === 4 && hostname.startsWith('127.'));
}

function isAddress(hostname: string): boolean {
  return hostname.startsWith('[') || isIP(hostname) !== 0;
}
