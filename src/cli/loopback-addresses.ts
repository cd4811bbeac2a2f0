import { isIPv4 } from 'node:net';
import { CliError, EXIT } from './exit-codes.js';

/**
 * `count` addresses from `first` on, one for each emulated printer; those that end in .0 or .255 are left out, since
 * some programs take them for networks.
 *
 * @throws CliError when they do not all lie in 127.0.0.0/8.
 */
export function loopbackAddresses(first: string, count: number): string[] {
  if (!isIPv4(first) || !first.startsWith('127.')) {
    throw new CliError(EXIT.usage, `--address ${first} must be a loopback address, such as 127.0.1.1`);
  }
  const addresses: string[] = [];
  let next = first.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  for (; addresses.length < count; next++) {
    const parts = [next >>> 24, (next >>> 16) & 255, (next >>> 8) & 255, next & 255];
    if (parts[0] !== 127)
      throw new CliError(EXIT.usage, `${count} addresses from ${first} on do not fit in 127.0.0.0/8`);
    if (parts[3] !== 0 && parts[3] !== 255) addresses.push(parts.join('.'));
  }
  return addresses;
}
