import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { BambuDiscovery } from '../../drivers/bambu/discovery.js';
import type { DiscoveryPort } from '../../src/cli/ports.js';
import { processBundle } from '../faults/daemon-bundle.js';
import { cli, Program, temporaryFolder } from './harness.js';

const MAIN = await processBundle(join(import.meta.dirname, '../../src/cli/main.ts'));

const printerSchema = z.strictObject({
  serial: z.string().length(15),
  host: z.string(),
  accessCode: z.string().length(8),
  model: z.string(),
  mqttPort: z.int().positive(),
  ftpPort: z.int().positive(),
  cameraPort: z.int().positive(),
  caFile: z.string(),
});

function emulate(...argv: string[]): Program {
  return new Program(MAIN, ['emulate', '--json', ...argv]);
}

async function printers(program: Program, count: number) {
  return (await program.output(count)).map((line) => printerSchema.parse(JSON.parse(line)));
}

describe('emulate', () => {
  it('says where its printers are, and they are there, until SIGTERM', async () => {
    const program = emulate('--printers', '3', '--models', 'X1C,A1M', '--address', '127.81.0.1', '--no-ssdp');
    const found = await printers(program, 3);
    expect(found.map(({ host, model }) => [host, model])).toEqual([
      ['127.81.0.1', 'X1C'],
      ['127.81.0.2', 'A1M'],
      ['127.81.0.3', 'X1C'],
    ]);
    expect(new Set(found.map(({ serial }) => serial)).size).toBe(3);
    for (const { host, mqttPort, ftpPort, cameraPort, serial, caFile } of found) {
      for (const port of [mqttPort, ftpPort, cameraPort]) {
        const socket = connect({
          host,
          port,
          ca: await readFile(caFile),
          servername: serial,
          checkServerIdentity: () => undefined,
        });
        await once(socket, 'secureConnect');
        expect(socket.authorized).toBe(true);
        expect(socket.getPeerCertificate().subject.CN).toBe(serial);
        socket.destroy();
      }
    }
    program.process.kill('SIGTERM');
    expect(await program.exit()).toBe(0);
    expect(existsSync(found[0]?.caFile ?? '')).toBe(false);
  });

  it('is the same for the same seed', async () => {
    const argv = ['--printers', '2', '--no-ssdp', '--follow-stdin', '--seed', '7', '--address'];
    const programs = ['127.81.1.1', '127.81.2.1'].map((address) => emulate(...argv, address));
    const [one, other] = await Promise.all(programs.map((program) => printers(program, 2)));
    const identities = (list: typeof one) => list?.map(({ serial, accessCode }) => [serial, accessCode]);
    expect(identities(one)).toEqual(identities(other));
    for (const program of programs) program.process.stdin?.end();
    for (const program of programs) expect(await program.exit()).toBe(0);
  });

  it('is heard by discover, and controlled over HTTP', async () => {
    const heard = new AbortController();
    const wanted = 2;
    const discovery: DiscoveryPort = {
      createDiscovery: (options, onSeen, log) => {
        const serials = new Set<string>();
        const hear: typeof onSeen = (printer) => {
          onSeen(printer);
          serials.add(printer.serial);
          if (serials.size === wanted) heard.abort();
        };
        return new BambuDiscovery(options, hear, log, Date.now);
      },
    };
    // A port of the printers' own range for this test alone; the address is, too.
    const listening = cli(
      ['discover', '--timeout', '20', '--address', '127.81.3.200', '--port', '20217', '--json'],
      {
        ports: { discovery: async () => discovery },
        interruption: () => heard.signal,
      },
    );
    const argv = ['--ssdp-address', '127.81.3.200', '--ssdp-port', '20217', '--control', '127.0.0.1:0'];
    const program = emulate('--printers', String(wanted), '--address', '127.81.3.1', ...argv);
    const found = await printers(program, wanted);
    const { exitCode, out } = await listening;
    expect(exitCode).toBe(0);
    const list = z
      .array(z.object({ serial: z.string(), host: z.string(), mqttPort: z.number().nullable() }))
      .parse(JSON.parse(out));
    expect(list).toHaveLength(wanted);
    // The port is announced only where it is not the usual one.
    const usual = (port: number) => (port === 8883 ? null : port);
    for (const { serial, host, mqttPort } of found) {
      expect(list).toContainEqual({ serial, host, mqttPort: usual(mqttPort) });
    }
    const controlUrl = await program.error(/control API: (\S+)/);
    const answer = await fetch(new URL('/printers', controlUrl));
    expect(await answer.json()).toHaveLength(wanted);
    program.process.kill('SIGINT');
    expect(await program.exit()).toBe(0);
  });

  it('writes its CA where it is told, but over nothing else', async () => {
    const file = join(await temporaryFolder(), 'ca.pem');
    const first = emulate('--printers', '1', '--address', '127.81.4.1', '--no-ssdp', '--ca-file', file);
    expect((await printers(first, 1))[0]?.caFile).toBe(file);
    expect(await readFile(file, 'utf8')).toContain('BEGIN CERTIFICATE');
    first.process.kill('SIGTERM');
    expect(await first.exit()).toBe(0);
    expect(existsSync(file)).toBe(true);

    await writeFile(file, 'a letter');
    const { exitCode, err } = await cli([
      'emulate',
      '--printers',
      '1',
      '--address',
      '127.81.4.1',
      '--no-ssdp',
      '--ca-file',
      file,
    ]);
    expect(exitCode).toBe(1);
    expect(err).toContain('is no certificate');
    expect(await readFile(file, 'utf8')).toBe('a letter');
  });

  it.each([
    [['--models', 'X1C,Z9'], 2, 'no emulated model "Z9"; known are X1C'],
    [['--models', ','], 2, '--models names no model'],
    [['--address', '10.0.0.1'], 2, 'must be a loopback address'],
    [['--control', '8090'], 2, '--control must be HOST:PORT'],
  ])('refuses %j', async (argv, code, message) => {
    const { exitCode, err } = await cli(['emulate', '--no-ssdp', ...argv]);
    expect(exitCode).toBe(code);
    expect(err).toContain(message);
  });
});

describe('discover', () => {
  const silent: DiscoveryPort = {
    createDiscovery: () => ({
      start: async () => {},
      stop: async () => {},
      search: () => {},
      list: () => [],
    }),
  };

  it('says what may be wrong when it hears nobody', async () => {
    const interrupted = AbortSignal.abort();
    const { exitCode, out, err } = await cli(['discover'], {
      ports: { discovery: async () => silent },
      interruption: () => interrupted,
    });
    expect(exitCode).toBe(0);
    expect(out).toBe('');
    expect(err).toContain('No printer was heard within 10 s');
  });

  it('shows its progress to who watches', async () => {
    const { out, err } = await cli(['discover', '--timeout', '1'], {
      ports: { discovery: async () => silent },
      watched: true,
    });
    expect(out).toBe('');
    expect(err).toContain('listening, 1 s left, 0 printers heard');
  });

  it('shows what it heard as a table', async () => {
    const speaking: DiscoveryPort = {
      createDiscovery: (_options, onSeen, log) => ({
        start: async () => {
          log.warn({}, 'port 1990 cannot be had');
          onSeen({
            serial: '01P00A000000001',
            host: '10.0.0.9',
            mqttPort: null,
            modelCode: 'C12',
            modelName: null,
            name: 'Shelf 3',
            signalDbm: -51,
            connect: 'lan',
            bind: 'free',
            firmware: null,
            lastSeenAt: 0,
          });
        },
        stop: async () => {},
        search: () => {},
        list: () => [],
      }),
    };
    const { out, err } = await cli(['discover'], {
      ports: { discovery: async () => speaking },
      interruption: () => AbortSignal.abort(),
    });
    expect(out).toMatch(/^01P00A000000001 +Shelf 3 +C12 +10\.0\.0\.9 +8883 +lan +- +-51 dBm$/m);
    expect(err).toBe('warning: port 1990 cannot be had\n');
  });
});
