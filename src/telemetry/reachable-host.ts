import { networkInterfaces } from 'node:os';

/** An address that clients can use: for "every address" one of this machine, on the network when it has one. */
export function reachableHost(host: string): string {
  if (host !== '0.0.0.0' && host !== '::') return host;
  const lan = Object.values(networkInterfaces())
    .flatMap((entries) => entries ?? [])
    .find((entry) => !entry.internal && entry.family === 'IPv4');
  return lan?.address ?? '127.0.0.1';
}
