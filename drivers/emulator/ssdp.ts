/** Announces printers the way they do: NOTIFY datagrams, and answers to searches when asked to (docs/protocol.md §2). */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import type { SsdpOptions } from './api.js';

export interface AnnouncedPrinter {
  readonly serial: string;
  readonly host: string;
  readonly mqttPort: number;
  readonly modelCode: string;
  readonly name: string;
  readonly firmware: string;
  readonly wifiDbm: number;
  readonly powered: boolean;
}

const URN = 'urn:bambulab-com:device:3dprinter:1';
const DEFAULT_INTERVAL_MS = 5_000;
const STANDARD_MQTT_PORT = 8883;

/** Printers announce themselves one after the other over the interval, not all at once. */
export class SsdpAnnouncer {
  readonly #searchSockets: Socket[] = [];
  #socket: Socket | undefined;
  #timer: NodeJS.Timeout | undefined;
  #next = 0;

  constructor(
    private readonly options: SsdpOptions,
    private readonly printers: readonly AnnouncedPrinter[],
  ) {}

  /** Sends the first announcement of every printer and goes on until stopped. */
  async start(): Promise<void> {
    const socket = createSocket('udp4');
    // A datagram that cannot be sent is lost, as on any network.
    socket.on('error', () => undefined);
    await new Promise<void>((resolve) => socket.bind(0, resolve));
    socket.setBroadcast(true);
    this.#socket = socket;
    for (const printer of this.printers) {
      this.#announce(printer);
      if (this.options.searchPort !== undefined) await this.#answerSearches(printer, this.options.searchPort);
    }
    if (this.printers.length === 0) return;
    const interval = (this.options.intervalMs ?? DEFAULT_INTERVAL_MS) / this.printers.length;
    this.#timer = setInterval(() => {
      const printer = this.printers[this.#next++ % this.printers.length];
      if (printer !== undefined) this.#announce(printer);
    }, interval);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    const sockets = [...this.#searchSockets.splice(0), ...(this.#socket === undefined ? [] : [this.#socket])];
    this.#socket = undefined;
    await Promise.all(sockets.map((socket) => new Promise<void>((resolve) => socket.close(resolve))));
  }

  #announce(printer: AnnouncedPrinter): void {
    if (!printer.powered) return;
    this.#socket?.send(notification(printer), this.options.port, this.options.address);
  }

  async #answerSearches(printer: AnnouncedPrinter, port: number): Promise<void> {
    const socket = createSocket({ type: 'udp4', reuseAddr: true });
    socket.on('error', () => undefined);
    socket.on('message', (message: Buffer, from: RemoteInfo) => {
      const text = message.toString('latin1');
      if (!printer.powered || !text.startsWith('M-SEARCH') || !text.includes(URN)) return;
      socket.send(searchAnswer(printer), from.port, from.address);
    });
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind({ port, address: printer.host }, resolve);
    });
    this.#searchSockets.push(socket);
  }
}

export function notification(printer: AnnouncedPrinter): string {
  return datagram('NOTIFY * HTTP/1.1', [
    ['Host', '239.255.255.250:1990'],
    ['Server', 'UPnP/1.0'],
    ['Location', location(printer)],
    ['NT', URN],
    ['NTS', 'ssdp:alive'],
    ...description(printer),
  ]);
}

export function searchAnswer(printer: AnnouncedPrinter): string {
  return datagram('HTTP/1.1 200 OK', [
    ['Server', 'Buildroot/2018.02-rc3 UPnP/1.0 ssdpd/1.8'],
    ['Location', location(printer)],
    ['ST', URN],
    ['EXT', ''],
    ...description(printer),
  ]);
}

/** A bare address, as real printers send; an emulated one on another port says it in a URL. */
function location(printer: AnnouncedPrinter): string {
  if (printer.mqttPort === STANDARD_MQTT_PORT) return printer.host;
  return `http://${printer.host}:${printer.mqttPort}/`;
}

function description(printer: AnnouncedPrinter): [string, string][] {
  return [
    ['USN', printer.serial],
    ['Cache-Control', 'max-age=1800'],
    ['DevModel.bambu.com', printer.modelCode],
    ['DevName.bambu.com', printer.name],
    ['DevSignal.bambu.com', String(printer.wifiDbm)],
    ['DevConnect.bambu.com', 'lan'],
    ['DevBind.bambu.com', 'free'],
    ['Devseclink.bambu.com', 'secure'],
    ['DevInf.bambu.com', 'wlan0'],
    ['DevVersion.bambu.com', printer.firmware],
    ['DevCap.bambu.com', '1'],
  ];
}

function datagram(start: string, headers: readonly (readonly [string, string])[]): string {
  return `${start}\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
}
