import type { IncomingMessage, Server } from 'node:http';
import { type BlockList, isIPv6 } from 'node:net';
import type { Duplex } from 'node:stream';
import { listOf, plainAddress } from '../operations/access/address.js';

/** Takes a request that asks to become a WebSocket; `address` is the client's. */
export type TakeUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer, address: string) => void;

export interface UpgradesOptions {
  readonly path: string;
  readonly take: TakeUpgrade;
  readonly secure: boolean;
  /** Proxies whose X-Forwarded-For is believed; through them, connections may come without TLS of ours. */
  readonly trustedProxies: readonly string[];
}

/** Requests for a WebSocket on the port of REST, and the connections that became one. */
export class Upgrades {
  private readonly sockets = new Set<Duplex>();
  private readonly trusted: BlockList;

  constructor(private readonly options: UpgradesOptions) {
    this.trusted = listOf(options.trustedProxies);
  }

  watch(server: Server): void {
    const { secure, trustedProxies } = this.options;
    // Nobody listening, Node answers such a request as if it did not ask.
    if (!secure && trustedProxies.length === 0) return;
    server.on('upgrade', (request, socket, head) => this.onUpgrade(request, socket, head));
  }

  /** Ends them; the server itself waits for connections that it no longer knows. */
  close(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  private onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { path, take, secure } = this.options;
    const peer = request.socket.remoteAddress ?? '';
    const allowed = secure || this.isTrusted(peer);
    if (!allowed || (request.url ?? '').split('?', 1)[0] !== path) {
      socket.on('error', () => socket.destroy());
      socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n', () =>
        socket.destroy(),
      );
      return;
    }
    this.sockets.add(socket);
    socket.once('close', () => this.sockets.delete(socket));
    take(request, socket, head, this.clientOf(request, peer));
  }

  /** Behind proxies that are trusted, the last address that is none of theirs. */
  private clientOf(request: IncomingMessage, peer: string): string {
    const forwarded = [request.headers['x-forwarded-for'] ?? []].flat().join(',').split(',');
    const hops = [...forwarded.map((hop) => hop.trim()).filter((hop) => hop !== ''), peer];
    let client = peer;
    for (const hop of hops.reverse()) {
      client = hop;
      if (!this.isTrusted(hop)) break;
    }
    return client;
  }

  private isTrusted(address: string): boolean {
    const plain = plainAddress(address);
    return this.trusted.check(plain, isIPv6(plain) ? 'ipv6' : 'ipv4');
  }
}
