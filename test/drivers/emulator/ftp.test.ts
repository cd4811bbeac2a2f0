import { randomBytes } from 'node:crypto';
import { connect as connectTcp } from 'node:net';
import { Readable, Writable } from 'node:stream';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { FileType } from 'basic-ftp';
import { afterEach, describe, expect, test } from 'vitest';
import type { EmulatedPrinter, Emulator } from '../../../drivers/emulator/index.js';
import { ftp, only, startEmulator, upload } from './clients.js';

let emulator: Emulator;
afterEach(() => emulator.stop());

async function farm(model = 'X1C', spec: Record<string, unknown> = {}): Promise<EmulatedPrinter> {
  emulator = await startEmulator({ printers: [{ model, ...spec }], speed: 200 });
  return only(emulator);
}

/** A client of bare sockets, for what a proper client never does. */
class RawFtp {
  readonly #lines: string[] = [];
  readonly #waiting: ((line: string) => void)[] = [];

  constructor(readonly socket: TLSSocket) {
    let rest = '';
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      rest += chunk.toString('utf8');
      for (let end = rest.indexOf('\r\n'); end >= 0; end = rest.indexOf('\r\n')) {
        const line = rest.slice(0, end);
        rest = rest.slice(end + 2);
        const waiting = this.#waiting.shift();
        if (waiting === undefined) this.#lines.push(line);
        else waiting(line);
      }
    });
  }

  static async login(printer: EmulatedPrinter): Promise<RawFtp> {
    const socket = connectTls({ ...address(printer), ...TLS });
    const client = new RawFtp(socket);
    await client.reply();
    await client.send('USER bblp');
    await client.send(`PASS ${printer.accessCode}`);
    await client.send('PBSZ 0');
    await client.send('PROT P');
    return client;
  }

  reply(): Promise<string> {
    const line = this.#lines.shift();
    if (line !== undefined) return Promise.resolve(line);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  send(line: string): Promise<string> {
    this.socket.write(`${line}\r\n`);
    return this.reply();
  }

  async passivePort(): Promise<number> {
    const numbers =
      /\(([\d,]+)\)/
        .exec(await this.send('PASV'))?.[1]
        ?.split(',')
        .map(Number) ?? [];
    return (numbers[4] ?? 0) * 256 + (numbers[5] ?? 0);
  }
}

const TLS = { rejectUnauthorized: false, minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' } as const;

function address(printer: EmulatedPrinter): { host: string; port: number } {
  return { host: printer.host, port: printer.ftpPort };
}

describe('the FTPS server', () => {
  test('refuses a wrong code with 530 and does not write it down', async () => {
    const printer = await farm();

    await expect(ftp(emulator, printer, 'wrong-code')).rejects.toMatchObject({ code: 530 });

    expect(JSON.stringify(emulator.log.entries)).not.toContain('wrong-code');
  });

  test('stores, sizes, lists, renames, gives back and deletes', async () => {
    const printer = await farm();
    const content = randomBytes(300_000);
    const client = await ftp(emulator, printer);

    await client.uploadFrom(Readable.from([content]), 'a.gcode.3mf');

    expect(await client.size('a.gcode.3mf')).toBe(300_000);
    const entries = await client.list();
    expect(entries.find((e) => e.name === 'a.gcode.3mf')).toMatchObject({
      size: 300_000,
      type: FileType.File,
    });
    expect(entries.find((e) => e.name === 'cache')).toMatchObject({ type: FileType.Directory });
    expect((await client.lastMod('a.gcode.3mf')).getTime()).toBeGreaterThan(Date.now() - 60_000);
    await client.rename('a.gcode.3mf', 'cache/b.gcode.3mf');
    const chunks: Buffer[] = [];
    const sink = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        chunks.push(chunk);
        done();
      },
    });
    await client.downloadTo(sink, 'cache/b.gcode.3mf');
    expect(Buffer.concat(chunks).equals(content)).toBe(true);
    await client.remove('cache/b.gcode.3mf');
    expect(printer.files()).toEqual([]);
    await expect(client.remove('cache/b.gcode.3mf')).rejects.toMatchObject({ code: 550 });
    await expect(client.size('nothing')).rejects.toMatchObject({ code: 550 });
    client.close();
    const events = emulator.log.entries.filter((e) => e.kind === 'ftp').map((e) => e.event);
    expect(events).toEqual(
      expect.arrayContaining(['login', 'stor', 'stored', 'size', 'renamed', 'retr', 'dele']),
    );
    expect(emulator.log.entries.find((e) => e.event === 'stored')).toMatchObject({
      bytes: 300_000,
      reused: true,
    });
  });

  test('knows its folders, its free room and what it is', async () => {
    const printer = await farm('X1C', { storageBytes: 1_000_000 });
    await upload(emulator, printer, 'a.bin', Buffer.alloc(400_000));
    const client = await ftp(emulator, printer);

    expect((await client.send('AVBL /')).message).toBe('213 600000');
    expect((await client.send('SYST')).code).toBe(215);
    expect(await client.pwd()).toBe('/');
    await client.cd('timelapse');
    expect(await client.pwd()).toBe('/timelapse');
    await client.send('MKD deep');
    await client.cd('/');
    await expect(client.cd('/etc')).rejects.toMatchObject({ code: 550 });
    await expect(client.cd('../../..')).resolves.toMatchObject({ code: 250 });
    expect(await client.pwd()).toBe('/');
    await client.send('RMD timelapse/deep');
    expect((await client.sendIgnoringError('BREW coffee')).code).toBe(500);
    client.close();
  });

  test('never leaves its folder whatever the name', async () => {
    const printer = await farm();

    await upload(emulator, printer, '../../../escaped.bin', Buffer.from('x'));

    expect(printer.files()).toEqual([{ name: 'escaped.bin', bytes: 1 }]);
    await expect(upload(emulator, printer, 'a:b.bin', Buffer.from('x'))).rejects.toMatchObject({ code: 553 });
  });

  test('answers 522 to a data channel that does not resume the session', async () => {
    const printer = await farm('P1S');
    const client = await RawFtp.login(printer);
    const port = await client.passivePort();
    const tcp = connectTcp(port, printer.host);
    expect(await client.send('STOR a.bin')).toMatch(/^150/);
    const data = connectTls({ socket: tcp, ...TLS });
    data.on('error', () => undefined);

    expect(await client.reply()).toMatch(/^522 /);
    client.socket.destroy();
    data.destroy();
  });

  test('names 0.0.0.0 in PASV on a P1S and its own address elsewhere', async () => {
    emulator = await startEmulator({ printers: [{ model: 'P1S' }, { model: 'A1' }] });
    const [p1, a1] = emulator.printers;
    if (p1 === undefined || a1 === undefined) throw new Error('two printers were asked for');
    for (const [printer, shown] of [
      [p1, '0,0,0,0'],
      [a1, a1.host.replaceAll('.', ',')],
    ] as const) {
      const client = await RawFtp.login(printer);
      expect(await client.send('PASV')).toContain(`(${shown},`);
      client.socket.destroy();
    }
  });

  test('takes a clear data channel on an A1 and refuses it on an X1C', async () => {
    emulator = await startEmulator({ printers: [{ model: 'A1' }, { model: 'X1C' }] });
    const replies: string[] = [];
    for (const printer of emulator.printers) {
      const client = await RawFtp.login(printer);
      await client.send('PROT C');
      const tcp = connectTcp(await client.passivePort(), printer.host);
      tcp.on('error', () => undefined);
      tcp.end('clear');
      await client.send('STOR clear.bin');
      replies.push((await client.reply()).slice(0, 3));
      client.socket.destroy();
    }
    expect(replies).toEqual(['226', '522']);
  });

  test('runs one transfer at a time and answers 425 to the second', async () => {
    const printer = await farm('A1');
    const first = await RawFtp.login(printer);
    const tcp = connectTcp(await first.passivePort(), printer.host);
    await first.send('PROT C');
    await first.send('STOR a.bin');
    const second = await RawFtp.login(printer);
    await second.passivePort();

    expect(await second.send('STOR b.bin')).toMatch(/^425 /);

    tcp.end('done');
    expect(await first.reply()).toMatch(/^226 /);
    first.socket.destroy();
    second.socket.destroy();
  });

  test('keeps the part of an upload whose data channel was destroyed and answers 426', async () => {
    const printer = await farm('A1');
    const client = await RawFtp.login(printer);
    const tcp = connectTcp(await client.passivePort(), printer.host);
    await client.send('STOR part.bin');
    const data = connectTls({ socket: tcp, ...TLS });
    data.on('error', () => undefined);
    await new Promise<void>((resolve) => data.write(Buffer.alloc(50_000), () => resolve()));

    data.destroy();

    expect(await client.reply()).toMatch(/^426 /);
    expect(await client.send('SIZE part.bin')).toBe('213 50000');
    expect(await client.send('DELE part.bin')).toMatch(/^250 /);
    client.socket.destroy();
  });

  test('answers 552 when the card is full', async () => {
    const printer = await farm('X1C', { storageBytes: 100_000 });

    await expect(upload(emulator, printer, 'big.bin', Buffer.alloc(300_000))).rejects.toThrow();

    const cut = await emulator.log.waitFor((e) => e.event === 'cut', 5_000, 'the end');
    expect(cut).toMatchObject({ reason: 'full', bytes: 100_000 });
  });

  test('takes its time for 226 on a machine that is known for it', async () => {
    const printer = await farm('H2D');
    const client = await ftp(emulator, printer);
    const done = client.uploadFrom(Readable.from([Buffer.alloc(1000)]), 'a.bin');

    await emulator.log.waitFor((e) => e.event === 'stored', 5_000, 'the data');
    emulator.setSpeed(10_000);

    expect((await done).code).toBe(226);
    client.close();
  });

  test('holds a large file without holding it in memory', async () => {
    const printer = await farm();
    const chunk = randomBytes(1024 * 1024);
    const before = process.memoryUsage().rss;
    const client = await ftp(emulator, printer);

    await client.uploadFrom(Readable.from(Array.from({ length: 100 }, () => chunk)), 'large.bin');

    expect(printer.files()).toEqual([{ name: 'large.bin', bytes: 100 * 1024 * 1024 }]);
    expect(process.memoryUsage().rss - before).toBeLessThan(90 * 1024 * 1024);
    client.close();
  });
});

describe('faults of the card and the transfer', () => {
  test('drop both channels after so many bytes, once', async () => {
    const printer = await farm();
    printer.addFault('ftp.dropAt', { bytes: 70_000, times: 1 });

    await expect(upload(emulator, printer, 'a.bin', Buffer.alloc(300_000))).rejects.toThrow();

    expect(printer.files()).toEqual([{ name: 'a.bin', bytes: 70_000 }]);
    await upload(emulator, printer, 'a.bin', Buffer.alloc(300_000));
    expect(printer.files()).toEqual([{ name: 'a.bin', bytes: 300_000 }]);
  });

  test.each([
    ['complete', 200_000],
    ['truncated', 100_000],
  ])('answer 426 with the file %s', async (kind, bytes) => {
    const printer = await farm();
    printer.addFault('ftp.426', { kind, times: 1 });

    await expect(upload(emulator, printer, 'a.bin', Buffer.alloc(200_000))).rejects.toMatchObject({
      code: 426,
    });

    expect(printer.files()).toEqual([{ name: 'a.bin', bytes }]);
  });

  test.each([
    ['ftp.550NoCard', {}, 550],
    ['ftp.552', {}, 552],
    ['ftp.553', {}, 553],
    ['ftp.busyConn', {}, 425],
  ])('%s answers an upload with its code, once', async (name, args, code) => {
    const printer = await farm();
    printer.addFault(name, { ...args, times: 1 });

    await expect(upload(emulator, printer, 'a.bin', Buffer.alloc(10))).rejects.toMatchObject({ code });

    await upload(emulator, printer, 'a.bin', Buffer.alloc(10));
    expect(printer.files()).toHaveLength(1);
  });

  test('refuse only to overwrite', async () => {
    const printer = await farm();
    printer.addFault('ftp.553', { onlyExisting: true });
    await upload(emulator, printer, 'a.bin', Buffer.alloc(10));

    await expect(upload(emulator, printer, 'a.bin', Buffer.alloc(10))).rejects.toMatchObject({ code: 553 });
  });

  test('withhold 226', async () => {
    const printer = await farm();
    printer.addFault('ftp.no226');
    const client = await ftp(emulator, printer);
    const sending = client.uploadFrom(Readable.from([Buffer.alloc(10)]), 'a.bin');
    const failed = expect(sending).rejects.toThrow();

    await emulator.log.waitFor((e) => e.event === 'stored', 5_000, 'the data');

    client.close();
    await failed;
    expect(printer.files()).toEqual([{ name: 'a.bin', bytes: 10 }]);
  });

  test('never finish an encrypted handshake', async () => {
    const printer = await farm('A1');
    printer.addFault('ftp.stallProtP');
    const client = await RawFtp.login(printer);
    const tcp = connectTcp(await client.passivePort(), printer.host);
    await client.send('STOR a.bin');
    const data = connectTls({ socket: tcp, ...TLS });
    data.on('error', () => undefined);
    tcp.destroy();
    data.destroy();

    expect(await client.reply()).toMatch(/^522 /);
    client.socket.destroy();
  });
});
