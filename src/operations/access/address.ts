import { BlockList, isIP } from 'node:net';

/** `::ffff:192.168.1.5` is `192.168.1.5`: the same client, seen by a listener that speaks both. */
export function plainAddress(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  return mapped?.[1] ?? address;
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
    const [base = '', prefix] = entry.split('/');
    if (isIP(base) === 0) continue;
    if (prefix === undefined) list.addAddress(base, family(base));
    else list.addSubnet(base, Number(prefix), family(base));
  }
  return list;
}

function family(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4';
}
