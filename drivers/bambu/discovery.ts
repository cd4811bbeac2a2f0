import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import {
  type DiscoveredPrinter,
  type DiscoveryOptions,
  DriverError,
  type DriverLog,
  type PrinterDiscovery,
} from '../driver.js';
import { type Announcement, PRINTER_URN, parseAnnouncement } from './announcement.js';

const MULTICAST_GROUP = '239.255.255.250';
const BROADCAST = '255.255.255.255';
/** Where printers announce; an active search goes there as well. */
const ANNOUNCEMENT_PORT = 2021;
/** A datagram reaches us once per socket and route; what repeats this soon is the same announcement. */
const REPEAT_MS = 1000;
/** More machines than any farm has: anybody in the network can announce. */
const MAX_PRINTERS = 2000;

/**
 * Hears printers announce themselves over UDP (docs/protocol.md §2). Announcements prove nothing: they are hints
 * of an address, and the TLS identity decides.
 */
export class BambuDiscovery implements PrinterDiscovery {
  readonly #options: DiscoveryOptions;
  readonly #onSeen: (printer: DiscoveredPrinter) => void;
  readonly #log: DriverLog;
  readonly #now: () => number;
  readonly #printers = new Map<string, DiscoveredPrinter>();
  #sockets: readonly Socket[] = [];

  constructor(
    options: DiscoveryOptions,
    onSeen: (printer: DiscoveredPrinter) => void,
    log: DriverLog,
    now: () => number,
  ) {
    this.#options = options;
    this.#onSeen = onSeen;
    this.#log = log;
    this.#now = now;
  }

  /** Ports listened on, as bound; differs from the options where those say 0. */
  get boundPorts(): readonly number[] {
    return this.#sockets.map((socket) => socket.address().port);
  }

  async start(): Promise<void> {
    if (this.#sockets.length > 0) return;
    const attempts = await Promise.allSettled(this.#options.ports.map((port) => this.#bind(port)));
    const sockets: Socket[] = [];
    const reasons: string[] = [];
    for (const [index, attempt] of attempts.entries()) {
      if (attempt.status === 'fulfilled') {
        sockets.push(attempt.value);
        continue;
      }
      const port = this.#options.ports[index];
      const reason = attempt.reason instanceof Error ? attempt.reason.message : String(attempt.reason);
      reasons.push(`port ${port}: ${reason}`);
      this.#log.warn({ port, reason }, 'a discovery port could not be opened');
    }
    if (sockets.length === 0) {
      throw new DriverError(
        'unreachable',
        `No UDP port for discovery could be opened on ${this.#options.address} (${reasons.join('; ') || 'none given'}).`,
      );
    }
    this.#sockets = sockets;
  }

  async stop(): Promise<void> {
    const sockets = this.#sockets;
    this.#sockets = [];
    this.#printers.clear();
    await Promise.all(sockets.map((socket) => new Promise<void>((resolve) => socket.close(() => resolve()))));
  }

  search(): void {
    const socket = this.#sockets[0];
    if (socket === undefined) return;
    const request = Buffer.from(
      [
        'M-SEARCH * HTTP/1.1',
        `HOST: ${MULTICAST_GROUP}:${ANNOUNCEMENT_PORT}`,
        'MAN: "ssdp:discover"',
        'MX: 3',
        `ST: ${PRINTER_URN}`,
        '',
        '',
      ].join('\r\n'),
    );
    const ports = new Set([ANNOUNCEMENT_PORT, ...this.#options.ports.filter((port) => port > 0)]);
    const hosts = new Set([MULTICAST_GROUP, BROADCAST, ...this.list().map((printer) => printer.host)]);
    for (const host of hosts) {
      for (const port of ports) {
        // Real printers may not answer at all, and some networks forbid broadcasts: listening goes on regardless.
        socket.send(request, port, host, (error) => {
          if (error !== null) this.#log.debug({ host, port, reason: error.message }, 'search not sent');
        });
      }
    }
  }

  list(): readonly DiscoveredPrinter[] {
    this.#expire();
    return [...this.#printers.values()].sort((a, b) => b.lastSeenAt - a.lastSeenAt);
  }

  #bind(port: number): Promise<Socket> {
    return new Promise((resolve, reject) => {
      const socket = createSocket({ type: 'udp4', reuseAddr: true });
      socket.once('error', (error) => {
        socket.close();
        reject(error);
      });
      socket.bind({ address: this.#options.address, port }, () => {
        socket.removeAllListeners('error');
        socket.on('error', (error) => {
          this.#log.warn({ port, reason: error.message }, 'discovery socket failed');
        });
        socket.on('message', (datagram, from) => this.#receive(datagram, from));
        this.#joinGroup(socket);
        resolve(socket);
      });
    });
  }

  #joinGroup(socket: Socket): void {
    try {
      socket.setBroadcast(true);
      socket.addMembership(MULTICAST_GROUP);
    } catch (error) {
      // Printers broadcast; the group only matters for a few of their imitators.
      this.#log.debug({ reason: String(error) }, 'multicast group not joined');
    }
  }

  #receive(datagram: Uint8Array, from: RemoteInfo): void {
    const announcement = parseAnnouncement(datagram, from.address);
    if (announcement === null) return;
    const known = this.#printers.get(announcement.serial);
    if (announcement.kind === 'byebye') {
      // Only from where it was heard last, so that a stranger cannot strike a printer off.
      if (known?.host === announcement.host) this.#printers.delete(announcement.serial);
      return;
    }
    const printer = toPrinter(announcement, this.#now());
    if (known !== undefined && isRepeat(known, printer)) return;
    if (known === undefined && this.#printers.size >= MAX_PRINTERS) {
      this.#expire();
      if (this.#printers.size >= MAX_PRINTERS) return;
    }
    this.#printers.set(printer.serial, printer);
    try {
      this.#onSeen(printer);
    } catch (error) {
      this.#log.error({ serial: printer.serial, err: error }, 'a discovery listener failed');
    }
  }

  #expire(): void {
    const limit = this.#now() - this.#options.expiryMs;
    for (const [serial, printer] of this.#printers) {
      if (printer.lastSeenAt < limit) this.#printers.delete(serial);
    }
  }
}

function toPrinter(announcement: Announcement, now: number): DiscoveredPrinter {
  const { kind: _kind, ...rest } = announcement;
  return { ...rest, lastSeenAt: now };
}

function isRepeat(known: DiscoveredPrinter, printer: DiscoveredPrinter): boolean {
  return (
    printer.lastSeenAt - known.lastSeenAt < REPEAT_MS &&
    printer.host === known.host &&
    printer.mqttPort === known.mqttPort &&
    printer.modelCode === known.modelCode &&
    printer.name === known.name &&
    printer.connect === known.connect &&
    printer.bind === known.bind &&
    printer.firmware === known.firmware
  );
}
