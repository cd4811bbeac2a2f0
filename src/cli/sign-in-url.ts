import { hostname } from 'node:os';
import { isLoopback } from '../config/warnings.js';

interface Listening {
  readonly host: string;
  readonly port: number;
  readonly tls: unknown;
  readonly publicBaseUrl: string | null;
}

/** Where somebody signs up with an invitation. Browsers have passkeys for host names alone, not for addresses. */
export function signUpUrl({ host, port, tls, publicBaseUrl }: Listening, invitation: string): string {
  const name = isLoopback(host) ? 'localhost' : hostname();
  const base = publicBaseUrl?.replace(/\/+$/, '') ?? `${tls === null ? 'http' : 'https'}://${name}:${port}`;
  // After the #, so that it stays in the browser and comes into no log.
  return `${base}/sign-in#invitation=${invitation}`;
}
