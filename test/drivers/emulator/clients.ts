/** Independent clients for the emulator's tests: mqtt.js and basic-ftp, set up as real software would. */

import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import type { ConnectionOptions, PeerCertificate } from 'node:tls';
import { Client as FtpClient } from 'basic-ftp';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import { type EmulatedPrinter, Emulator, type EmulatorOptions } from '../../../drivers/emulator/index.js';
import { emulatorCa } from '../../fixtures/emulator-ca.js';
import { freshHost } from '../../fixtures/fresh-host.js';
import { buildSlicedFile, type SlicedFile } from '../../fixtures/sliced-file.js';

export type Print = Record<string, unknown>;

export async function startEmulator(
  options: Omit<EmulatorOptions, 'printers'> & {
    printers: readonly Partial<EmulatorOptions['printers'][number]>[];
  },
): Promise<Emulator> {
  const emulator = new Emulator({
    reportIntervalMs: 100,
    ca: await emulatorCa(),
    ...options,
    printers: options.printers.map((spec) => ({
      model: 'X1C',
      host: freshHost(),
      mqttPort: 0,
      ftpPort: 0,
      ...spec,
    })),
  });
  await emulator.start();
  return emulator;
}

export function only(emulator: Emulator): EmulatedPrinter {
  const [printer] = emulator.printers;
  if (printer === undefined) throw new Error('the emulator has no printer');
  return printer;
}

/** An MQTT client that keeps what it hears and waits for what is to come. */
export class Listener {
  readonly messages: { raw: Buffer; json: Record<string, unknown> | null }[] = [];
  readonly #waiting = new Set<() => void>();

  constructor(
    readonly client: MqttClient,
    readonly serial: string,
  ) {
    client.on('message', (_topic, raw) => {
      this.messages.push({ raw, json: parsed(raw) });
      for (const check of [...this.#waiting]) check();
    });
  }

  get reports(): Print[] {
    return this.messages.flatMap(({ json }) => {
      const print = json?.print;
      return isRecord(print) && print.command === 'push_status' ? [print] : [];
    });
  }

  send(message: Record<string, unknown>): Promise<unknown> {
    return this.client.publishAsync(`device/${this.serial}/request`, JSON.stringify(message), { qos: 1 });
  }

  print(command: string, fields: Print = {}): Promise<unknown> {
    return this.send({ print: { sequence_id: '20001', command, ...fields } });
  }

  /** The first message, past or to come, that the reader finds something in. */
  next<T>(read: (json: Record<string, unknown>, raw: Buffer) => T | undefined, what: string): Promise<T> {
    return this.#wait((from) => {
      for (const { json, raw } of this.messages.slice(from)) {
        const found = json === null ? undefined : read(json, raw);
        if (found !== undefined) return found;
      }
      return undefined;
    }, what);
  }

  raw(fits: (raw: Buffer) => boolean, what: string): Promise<Buffer> {
    return this.#wait((from) => this.messages.slice(from).find(({ raw }) => fits(raw))?.raw, what);
  }

  report(fits: (print: Print) => boolean, what: string): Promise<Print> {
    return this.next(({ print }) => {
      return isRecord(print) && print.command === 'push_status' && fits(print) ? print : undefined;
    }, what);
  }

  ack(command: string): Promise<Print> {
    return this.next((json) => {
      const inner = Object.values(json)[0];
      return isRecord(inner) && inner.command === command ? inner : undefined;
    }, `ack of ${command}`);
  }

  /** Forgets what was heard. */
  clear(): void {
    this.messages.length = 0;
  }

  async close(): Promise<void> {
    await this.client.endAsync(true);
  }

  #wait<T>(find: (from: number) => T | undefined, what: string): Promise<T> {
    const past = find(0);
    if (past !== undefined) return Promise.resolve(past);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(check);
        const seen = this.messages.map(({ raw }) => raw.toString('utf8').slice(0, 200)).slice(-6);
        reject(
          new Error(
            `waited 8 s for ${what}; heard ${this.messages.length} messages, last:\n${seen.join('\n')}`,
          ),
        );
      }, 8_000);
      const check = (): void => {
        const found = find(0);
        if (found === undefined) return;
        clearTimeout(timer);
        this.#waiting.delete(check);
        resolve(found);
      };
      this.#waiting.add(check);
    });
  }
}

export interface ConnectOptions {
  readonly password?: string;
  readonly topic?: string;
  readonly clientId?: string;
}

/** Connects and subscribes; rejects with the client's error. */
export async function listen(
  emulator: Emulator,
  printer: EmulatedPrinter,
  options: ConnectOptions = {},
): Promise<Listener> {
  const settings: IClientOptions & Pick<ConnectionOptions, 'servername' | 'checkServerIdentity'> = {
    servername: printer.serial,
    ca: emulator.caPem,
    username: 'bblp',
    password: options.password ?? printer.accessCode,
    clientId: options.clientId ?? randomUUID(),
    protocolVersion: 4,
    reconnectPeriod: 0,
    connectTimeout: 5_000,
    checkServerIdentity: (_host: string, cert: PeerCertificate) =>
      cert.subject.CN === printer.serial ? undefined : new Error(`certificate of ${cert.subject.CN}`),
  };
  const url = `mqtts://${printer.host}:${printer.mqttPort}`;
  // One attempt: a close before CONNACK is the answer.
  const client = await mqtt.connectAsync(url, settings, false);
  client.on('error', () => undefined);
  const listener = new Listener(client, printer.serial);
  await client.subscribeAsync(options.topic ?? `device/${printer.serial}/report`);
  return listener;
}

/** Connects, subscribes and asks for everything; the first whole report has arrived. */
export async function listenFully(emulator: Emulator, printer: EmulatedPrinter): Promise<Listener> {
  const listener = await listen(emulator, printer);
  await listener.send({ pushing: { sequence_id: '20000', command: 'pushall' } });
  await listener.report((print) => print.msg === 0, 'a whole report');
  return listener;
}

export async function ftp(emulator: Emulator, printer: EmulatedPrinter, code?: string): Promise<FtpClient> {
  const client = new FtpClient(8_000);
  await client.access({
    host: printer.host,
    port: printer.ftpPort,
    user: 'bblp',
    password: code ?? printer.accessCode,
    secure: 'implicit',
    secureOptions: {
      ca: emulator.caPem,
      servername: printer.serial,
      minVersion: 'TLSv1.2',
      maxVersion: 'TLSv1.2',
      checkServerIdentity: () => undefined,
    },
  });
  return client;
}

export async function upload(
  emulator: Emulator,
  printer: EmulatedPrinter,
  name: string,
  content: Buffer,
): Promise<void> {
  const client = await ftp(emulator, printer);
  try {
    await client.uploadFrom(Readable.from([content]), name);
  } finally {
    client.close();
  }
}

export const PLA: SlicedFile['plates'][number]['filaments'][number] = {
  id: 1,
  type: 'PLA',
  color: '#FFFFFF',
  infoIdx: 'GFL99',
  usedGrams: 10,
  usedMeters: 3.3,
};

/** A file of one plate for a model. */
export function slicedFor(modelCode: string, changes: Partial<SlicedFile> = {}): Promise<Buffer> {
  return buildSlicedFile({
    model: modelCode,
    plates: [{ index: 1, predictionSeconds: 600, weightGrams: 10, filaments: [PLA] }],
    ...changes,
  });
}

/** The start command as a careful client sends it. */
export function startCommand(name: string, token: number, changes: Print = {}): Print {
  return {
    param: 'Metadata/plate_1.gcode',
    url: `ftp://${name}`,
    file: name,
    md5: '',
    subtask_name: name.replace('.gcode.3mf', ''),
    project_id: String(token),
    profile_id: '0',
    task_id: String(token),
    subtask_id: String(token),
    bed_type: 'auto',
    timelapse: false,
    bed_leveling: true,
    flow_cali: false,
    vibration_cali: false,
    layer_inspect: false,
    use_ams: true,
    ams_mapping: [0],
    ams_mapping2: [{ ams_id: 0, slot_id: 0 }],
    ...changes,
  };
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parsed(raw: Buffer): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(raw.toString('utf8').replace(/\0+$/, ''));
    return isRecord(value) ? value : null;
  } catch {
    // Spoilt payloads are what some tests ask for.
    return null;
  }
}
