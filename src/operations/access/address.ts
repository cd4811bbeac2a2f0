import { BlockList, isIP } from 'node:net';

/** `::ffff:192.168.1.5` is `192.168.1.5`: the same client, seen by a listener that speaks both. */
export function plainAddress(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  return mapped?.[1] ?? address;
}

/** What counts as one caller: an IPv4 address, or the network of an IPv6 address, of which anybody has many. */
export function callerOf(address: string): string {
  const plain = plainAddress(address);
  if (isIP(plain) !== 6) return plain;
  const [head = '', tail] = (plain.split('%')[0] ?? '').split('::');
  const groups = head === '' ? [] : head.split(':');
  const missing = 8 - groups.length - (tail === undefined || tail === '' ? 0 : tail.split(':').length);
  const whole =
    tail === undefined
      ? groups
      : [...groups, ...Array.from({ length: missing }, () => '0'), ...tail.split(':')];
  return `${whole
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`;
}

/** Whether an address is one of a list of addresses and CIDR ranges. An empty or missing list allows everything. */
export function isAllowed(address: string, allowlist: readonly string[] | null): boolean {
  if (allowlist === null || allowlist.length === 0) return true;
  return listOf(allowlist).check(plainAddress(address), family(plainAddress(address)));
}

/** A list that can be asked many times. Entries that are no addresses are left out: they were refused when written. */
export function listOf(entries: readonly string[]): BlockList {
  const list = new BlockList();
  for (const entry of entries) {
    const range = parseRange(entry);
    if (range) list.addSubnet(range.base, range.prefix, range.family);
  }
  return list;
}

/** Whether the text is one IP address, or a CIDR range such as `192.168.1.0/24`. */
export function isAddressOrRange(text: string): boolean {
  return parseRange(text) !== null;
}

function parseRange(text: string): { base: string; prefix: number; family: 'ipv4' | 'ipv6' } | null {
  const [, address = '', digits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const base = plainAddress(address);
  // A zone belongs to one machine's interfaces and says nothing about who calls.
  if (isIP(base) === 0 || base.includes('%')) return null;
  const bits = family(base) === 'ipv4' ? 32 : 128;
  const mapped = base !== address;
  const prefix = digits === undefined ? bits : Number(digits) - (mapped ? 96 : 0);
  return prefix >= 0 && prefix <= bits ? { base, prefix, family: family(base) } : null;
}

function family(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4';
}
