import { BlockList, isIP } from 'node:net';

/** Ranges nobody on the internet can have, or that are nobody's alone. */
const PRIVATE: readonly string[] = [
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '2001::/23',
  '2001:db8::/32',
  '2002::/16',
  '3fff::/20',
];

/**
 * Refused whatever the configuration says: no receiver can be there, but the keys of a machine in a cloud can (link-local
 * addresses and those that providers chose for it), or the way leads on to an address that was never looked at (NAT64).
 */
const NEVER: readonly string[] = [
  '0.0.0.0/8',
  '169.254.0.0/16',
  '100.100.100.200/32',
  '168.63.129.16/32',
  '192.0.0.192/32',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '::/128',
  '64:ff9b::/96',
  '64:ff9b:1::/48',
  'fe80::/10',
  'fd00:ec2::254/128',
  'fd20:ce::254/128',
  'ff00::/8',
];

/** All of IPv6 that is given out to the internet; everything else is somebody's own. */
const GLOBAL_V6 = ['2000::/3'];

const neverList = blockList(NEVER);
const privateList = blockList(PRIVATE);
const globalV6 = blockList(GLOBAL_V6);

/** What an address is to a daemon that is to send something there. */
export function kindOf(address: string): 'public' | 'private' | 'never' {
  const plain = plainAddress(address);
  if (isIP(plain) === 0 || contains(neverList, plain)) return 'never';
  if (contains(privateList, plain)) return 'private';
  return isIP(plain) === 6 && !contains(globalV6, plain) ? 'private' : 'public';
}

export function isLoopback(address: string): boolean {
  return contains(loopback, plainAddress(address));
}

const loopback = blockList(['127.0.0.0/8', '::1/128']);

/** Addresses and ranges such as `10.0.0.0/8`, to look others up in. */
export function blockList(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', prefix] = network.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    list.addSubnet(address, Number(prefix ?? (family === 'ipv6' ? 128 : 32)), family);
  }
  return list;
}

export function contains(list: BlockList, address: string): boolean {
  const plain = plainAddress(address);
  const family = isIP(plain);
  return family !== 0 && list.check(plain, family === 6 ? 'ipv6' : 'ipv4');
}

/** Without brackets and zone; an IPv4 address that is written as an IPv6 one is the IPv4 address. */
export function plainAddress(text: string): string {
  const bare = text.replace(/^\[(.*)\]$/, '$1').replace(/%.*$/, '');
  if (isIP(bare) !== 6) return bare;
  const groups = groupsOf(bare);
  const isMapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  return isMapped ? dotted(groups) : bare;
}

function dotted(groups: readonly number[]): string {
  return groups
    .slice(6)
    .flatMap((group) => [group >> 8, group & 0xff])
    .join('.');
}

/** The eight numbers of an IPv6 address. */
function groupsOf(address: string): readonly number[] {
  // Its end may be written like an IPv4 address.
  const hex = address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_whole, ...parts: string[]) => {
    const [a = 0, b = 0, c = 0, d = 0] = parts.slice(0, 4).map(Number);
    return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
  });
  const [head = '', tail] = hex.split('::');
  const numbers = (text: string) =>
    text
      .split(':')
      .filter(Boolean)
      .map((group) => Number.parseInt(group, 16));
  const [first, last] = [numbers(head), numbers(tail ?? '')];
  const gap = tail === undefined ? 0 : 8 - first.length - last.length;
  return [...first, ...new Array<number>(gap).fill(0), ...last];
}
