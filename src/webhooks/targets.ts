import { type BlockList, isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { blockList, contains, isLoopback, kindOf, plainAddress } from './addresses.js';

/** What the configuration allows beyond https addresses of the internet. */
export interface Allowed {
  /** Addresses, ranges and host names inside the farm's own network that may be sent to. */
  readonly allowPrivateTargets: readonly string[];
  /** Those may be sent to without TLS, too. */
  readonly allowHttp: boolean;
}

export interface TargetOptions extends Allowed {
  /** TCP ports that the daemon itself listens on. */
  readonly ownPorts: () => readonly number[];
  /** Addresses of this machine; those of its network cards if left out. */
  readonly ownAddresses?: () => readonly string[];
}

/** Where notices may be sent to. Whoever sets up a channel must not make the daemon call what only it can reach. */
export class TargetRules {
  readonly #options: TargetOptions;
  #allowed: AllowedTargets;

  constructor(options: TargetOptions) {
    this.#options = options;
    this.#allowed = allowedTargets(options);
  }

  /** From now on. */
  allow(allowed: Allowed): void {
    this.#allowed = allowedTargets(allowed);
  }

  /** What an address says by itself that keeps notices from going there; null when nothing does. Looks nothing up. */
  refusal(text: string): string | null {
    const url = URL.canParse(text) ? new URL(text) : null;
    if (url === null) return 'it is no address such as https://shop.example/hook';
    if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'it must begin with https://';
    if (url.username !== '' || url.password !== '') return 'it must not hold a user or a password';
    const host = hostOf(url);
    if (host.endsWith('.')) return 'its host must not end with a dot';
    if (url.protocol === 'http:' && !this.#mayBePlain())
      return 'it must begin with https:// (webhooks.allowHttp and webhooks.allowPrivateTargets allow http inside the own network)';
    if (isIP(host) !== 0) return this.refusedAddress(url, host);
    const isLocalName = host === 'localhost' || host.endsWith('.localhost');
    if (isLocalName && this.#allowed.isEmpty) return `${host} is this machine itself${ALLOWED_BY}`;
    return null;
  }

  /** Why notices for `url` must not be sent to an address that its host has; null when they may. */
  refusedAddress(url: URL, address: string): string | null {
    const plain = plainAddress(address);
    const kind = kindOf(plain);
    if (kind === 'never') return `${plain} is an address that nothing is ever sent to`;
    const { hosts, networks, allowHttp } = this.#allowed;
    const isAllowed = hosts.has(hostOf(url)) || contains(networks, plain);
    if (kind === 'private' && !isAllowed) return `${plain} is no address of the internet${ALLOWED_BY}`;
    if (url.protocol === 'http:' && !(allowHttp && isAllowed))
      return `${plain} is not among webhooks.allowPrivateTargets, so that it is only sent to with https://`;
    if (this.#options.ownPorts().includes(portOf(url)) && this.#isOwn(plain))
      return `port ${portOf(url)} of ${plain} is the daemon's own`;
    return null;
  }

  #mayBePlain(): boolean {
    return this.#allowed.allowHttp && !this.#allowed.isEmpty;
  }

  #isOwn(address: string): boolean {
    const own = this.#options.ownAddresses ?? addressesOfMachine;
    return isLoopback(address) || own().some((other) => plainAddress(other) === address);
  }
}

interface AllowedTargets {
  readonly isEmpty: boolean;
  readonly hosts: ReadonlySet<string>;
  readonly networks: BlockList;
  readonly allowHttp: boolean;
}

function allowedTargets({ allowPrivateTargets, allowHttp }: Allowed): AllowedTargets {
  const isNetwork = (text: string) => isIP(text.split('/')[0] ?? '') !== 0;
  const names = allowPrivateTargets.filter((text) => !isNetwork(text));
  return {
    isEmpty: allowPrivateTargets.length === 0,
    hosts: new Set(names.map((text) => text.toLowerCase())),
    networks: blockList(allowPrivateTargets.filter(isNetwork)),
    allowHttp,
  };
}

const ALLOWED_BY = '; webhooks.allowPrivateTargets of the configuration allows what lies in the own network';

/** As `URL` writes it: lower case, numbers of any form as an address; without brackets. */
export function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[(.*)\]$/, '$1');
}

function portOf({ port, protocol }: URL): number {
  if (port !== '') return Number(port);
  return protocol === 'https:' ? 443 : 80;
}

function addressesOfMachine(): readonly string[] {
  return Object.values(networkInterfaces()).flatMap((cards) => (cards ?? []).map(({ address }) => address));
}
