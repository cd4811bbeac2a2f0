import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { BambuDiscovery } from '../../../drivers/bambu/discovery.js';
import type { DiscoveredPrinter, DriverLog } from '../../../drivers/driver.js';
import { Emulator } from '../../../drivers/emulator/index.js';
import { freshHost } from '../../fixtures/fresh-host.js';
import { quietLog, recordingLog } from './session-rig.js';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function socketAt(host: string): Promise<Socket> {
  const socket = createSocket('udp4');
  socket.bind(0, host);
  await once(socket, 'listening');
  closing.push(() => socket.close());
  return socket;
}

/** Something that listens, with a clock of its own. */
class Ear {
  readonly seen: DiscoveredPrinter[] = [];
  readonly discovery: BambuDiscovery;
  readonly host: string;
  clock = 1_000_000;
  #wake: () => void = () => {};

  constructor(ports: readonly number[] = [0], log: DriverLog = quietLog, host = freshHost()) {
    this.host = host;
    this.discovery = new BambuDiscovery(
      { address: this.host, ports, expiryMs: 60_000 },
      (printer) => {
        this.seen.push(printer);
        this.#wake();
      },
      log,
      () => this.clock,
    );
  }

  async start(): Promise<this> {
    await this.discovery.start();
    closing.push(() => this.discovery.stop());
    return this;
  }

  get port(): number {
    const [port] = this.discovery.boundPorts;
    if (port === undefined) throw new Error('not bound');
    return port;
  }

  /** Resolves when so many announcements have been taken. */
  async heard(count: number): Promise<void> {
    while (this.seen.length < count) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

function announcement(
  serial: string,
  changes: { name?: string; nts?: string; location?: string } = {},
): string {
  return [
    'NOTIFY * HTTP/1.1',
    'NT: urn:bambulab-com:device:3dprinter:1',
    `NTS: ${changes.nts ?? 'ssdp:alive'}`,
    `USN: ${serial}`,
    ...(changes.location === undefined ? [] : [`Location: ${changes.location}`]),
    'DevModel.bambu.com: C12',
    `DevName.bambu.com: ${changes.name ?? 'one'}`,
    '',
    '',
  ].join('\r\n');
}

const FIRST = '01P09X000000001';
const SECOND = '01P09X000000002';

describe('hearing printers over UDP', () => {
  it('lists them, the latest first, and forgets the silent ones', async () => {
    const ear = await new Ear().start();
    const socket = await socketAt(freshHost());
    socket.send(announcement(FIRST), ear.port, ear.host);
    await ear.heard(1);
    ear.clock += 30_000;
    socket.send(announcement(SECOND), ear.port, ear.host);
    await ear.heard(2);
    expect(ear.discovery.list().map((printer) => printer.serial)).toEqual([SECOND, FIRST]);
    expect(ear.discovery.list()[0]).toMatchObject({
      host: socket.address().address,
      modelName: 'Bambu Lab P1S',
      lastSeenAt: 1_030_000,
    });
    ear.clock += 30_001;
    expect(ear.discovery.list().map((printer) => printer.serial)).toEqual([SECOND]);
  });

  it('takes the same announcement twice in a row for one, and tells of every change', async () => {
    const ear = await new Ear().start();
    const socket = await socketAt(freshHost());
    socket.send(announcement(FIRST), ear.port, ear.host);
    socket.send(announcement(FIRST), ear.port, ear.host);
    socket.send(announcement(FIRST, { location: '127.9.9.9' }), ear.port, ear.host);
    socket.send(announcement(FIRST, { location: '127.9.9.9', name: 'renamed' }), ear.port, ear.host);
    await ear.heard(3);
    expect(ear.seen.map(({ host, name }) => [host, name])).toEqual([
      [socket.address().address, 'one'],
      ['127.9.9.9', 'one'],
      ['127.9.9.9', 'renamed'],
    ]);
    expect(ear.discovery.list()).toHaveLength(1);
    ear.clock += 5_000;
    socket.send(announcement(FIRST, { location: '127.9.9.9', name: 'renamed' }), ear.port, ear.host);
    await ear.heard(4);
    expect(ear.discovery.list()[0]?.lastSeenAt).toBe(1_005_000);
  });

  it('strikes a printer off that says goodbye, but not when somebody else says it', async () => {
    const ear = await new Ear().start();
    const socket = await socketAt(freshHost());
    const stranger = await socketAt(freshHost());
    socket.send(announcement(FIRST), ear.port, ear.host);
    await ear.heard(1);
    stranger.send(announcement(FIRST, { nts: 'ssdp:byebye' }), ear.port, ear.host);
    stranger.send(announcement(SECOND), ear.port, ear.host);
    await ear.heard(2);
    expect(ear.discovery.list()).toHaveLength(2);
    ear.clock += 1_000;
    socket.send(announcement(FIRST, { nts: 'ssdp:byebye' }), ear.port, ear.host);
    socket.send(announcement('01P09X000000003'), ear.port, ear.host);
    await ear.heard(3);
    expect(ear.discovery.list().map((printer) => printer.serial)).toEqual(['01P09X000000003', SECOND]);
  });

  it('is not disturbed by rubbish or by a listener that fails', async () => {
    const ear = new Ear();
    let calls = 0;
    const discovery = new BambuDiscovery(
      { address: ear.host, ports: [0], expiryMs: 60_000 },
      () => {
        calls += 1;
        if (calls === 1) throw new Error('listener broke');
        done();
      },
      quietLog,
      () => 0,
    );
    let done: () => void = () => {};
    const second = new Promise<void>((resolve) => {
      done = resolve;
    });
    await discovery.start();
    closing.push(() => discovery.stop());
    const [port = 0] = discovery.boundPorts;
    const socket = await socketAt(freshHost());
    for (const rubbish of ['', '\0\0\0', 'NOTIFY * HTTP/1.1\r\n', 'x'.repeat(20_000)])
      socket.send(rubbish, port, ear.host);
    socket.send(announcement(FIRST), port, ear.host);
    socket.send(announcement(SECOND), port, ear.host);
    await second;
    expect(discovery.list()).toHaveLength(2);
  });

  it('pain-32: searches the printers it knows', async () => {
    const printer = await socketAt(freshHost());
    // Printers are searched at the port they announce to, so both sides have it here.
    const ear = await new Ear([printer.address().port]).start();
    printer.send(announcement(FIRST), ear.port, ear.host);
    await ear.heard(1);
    const question = once(printer, 'message');
    ear.discovery.search();
    const [datagram] = await question;
    expect(String(datagram)).toMatch(
      /^M-SEARCH \* HTTP\/1\.1\r\n(.*\r\n)*ST: urn:bambulab-com:device:3dprinter:1\r\n/,
    );
  });

  it('warns of a port it cannot have and goes on with the others', async () => {
    const host = freshHost();
    const taken = (await socketAt(host)).address().port;
    const { log, text } = recordingLog();
    const ear = await new Ear([0, taken], log, host).start();
    expect(ear.discovery.boundPorts).toHaveLength(1);
    expect(text()).toContain('a discovery port could not be opened');
  });

  it('fails when it can have none', async () => {
    const host = freshHost();
    const taken = (await socketAt(host)).address().port;
    const failed = { kind: 'unreachable' };
    await expect(new Ear([taken], quietLog, host).discovery.start()).rejects.toMatchObject(failed);
    await expect(new Ear([]).discovery.start()).rejects.toMatchObject(failed);
  });

  it('stops and starts again', async () => {
    const ear = await new Ear().start();
    await ear.discovery.stop();
    expect(ear.discovery.boundPorts).toEqual([]);
    await ear.discovery.start();
    const socket = await socketAt(freshHost());
    socket.send(announcement(FIRST), ear.port, ear.host);
    await ear.heard(1);
    expect(ear.discovery.list()).toHaveLength(1);
  });

  it('hears emulated printers', async () => {
    const ear = await new Ear().start();
    const emulator = new Emulator({
      printers: ['X1C', 'A1'].map((model) => ({ model, host: freshHost(), mqttPort: 0, ftpPort: 0 })),
      ssdp: { address: ear.host, port: ear.port, intervalMs: 50 },
    });
    await emulator.start();
    closing.push(() => emulator.stop());
    await ear.heard(2);
    for (const printer of emulator.printers) {
      const heard = ear.discovery.list().find((candidate) => candidate.serial === printer.serial);
      expect(heard).toMatchObject({ host: printer.host, modelCode: printer.modelCode, name: printer.name });
    }
  });
});
