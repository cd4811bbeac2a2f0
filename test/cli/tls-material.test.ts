import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect, createServer } from 'node:tls';
import * as fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createTlsMaterial, machineNames, renewServerCertificate } from '../../src/cli/tls-material.js';
import { temporaryFolder } from './harness.js';

const names = { hostNames: ['localhost', 'farm'], addresses: ['127.0.0.1', '::1'] };
const DAY_MS = 86_400_000;

async function material(given = names, now = new Date()) {
  const dataDir = await temporaryFolder();
  const files = await createTlsMaterial(dataDir, given, now);
  const server = async () => new X509Certificate(await readFile(files.certFile));
  return { dataDir, files, server, authority: new X509Certificate(await readFile(files.caFile)) };
}

describe('TLS material', () => {
  it('lets clients that trust the CA in, and only by the names it is for', async () => {
    const { files } = await material();
    const [cert, key, ca] = await Promise.all(
      [files.certFile, files.keyFile, files.caFile].map((file) => readFile(file)),
    );
    const server = createServer({ cert, key }, (socket) => socket.end('hello')).listen(0, '127.0.0.1');
    server.on('tlsClientError', () => undefined);
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    for (const servername of ['localhost', 'farm']) {
      const socket = connect({ host: '127.0.0.1', port, ca, servername });
      const [greeting] = await once(socket, 'data');
      expect(String(greeting)).toBe('hello');
    }
    const stranger = connect({ host: '127.0.0.1', port, ca, servername: 'elsewhere' });
    await expect(once(stranger, 'secureConnect')).rejects.toThrow(/altnames/);
  });

  it('is an authority and a server of its own, on the curve P-256', async () => {
    const { authority, server } = await material();
    const certificate = await server();
    expect(authority.ca).toBe(true);
    expect(certificate.ca).toBe(false);
    expect(authority.verify(authority.publicKey)).toBe(true);
    expect(certificate.checkIssued(authority)).toBe(true);
    expect(certificate.verify(authority.publicKey)).toBe(true);
    expect(certificate.publicKey.asymmetricKeyDetails?.namedCurve).toBe('prime256v1');
    const days = (Date.parse(certificate.validTo) - Date.parse(certificate.validFrom)) / DAY_MS;
    expect(days).toBeLessThanOrEqual(825);
  });

  it('names addresses of both families as they are', async () => {
    const addresses = fc.uniqueArray(fc.oneof(fc.ipV4(), fc.ipV6()), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(addresses, async (list) => {
        const { server, dataDir } = await material({ hostNames: ['localhost'], addresses: list });
        const certificate = await server();
        for (const address of list) expect(certificate.checkIP(address), address).toBeDefined();
        await rm(dataDir, { recursive: true });
      }),
      { numRuns: 20 },
    );
  });

  it('knows the names of this machine and those it is given', () => {
    const { hostNames, addresses } = machineNames(['0.0.0.0', 'farm.example', '10.1.2.3', '127.0.0.1']);
    expect(hostNames).toEqual(expect.arrayContaining(['localhost', 'farm.example']));
    expect(addresses).toEqual(expect.arrayContaining(['127.0.0.1', '::1', '10.1.2.3']));
    expect(new Set(addresses).size).toBe(addresses.length);
    expect(addresses).not.toContain('0.0.0.0');
  });
});

describe('the server certificate', () => {
  const now = new Date();
  const later = (days: number) => new Date(now.getTime() + days * DAY_MS);

  it('is renewed before it ends, under the same authority', async () => {
    const { dataDir, authority, server } = await material(names, now);
    const first = await server();
    expect(await renewServerCertificate(dataDir, names, later(500))).toBe(false);
    expect((await server()).serialNumber).toBe(first.serialNumber);
    expect(await renewServerCertificate(dataDir, names, later(600))).toBe(true);
    const second = await server();
    expect(second.serialNumber).not.toBe(first.serialNumber);
    expect(second.verify(authority.publicKey)).toBe(true);
    expect(Date.parse(second.validTo)).toBeGreaterThan(Date.parse(first.validTo));
  });

  it('is made anew when it is missing', async () => {
    const { dataDir, files, server, authority } = await material(names, now);
    await rm(files.certFile);
    await rm(files.keyFile);
    expect(await renewServerCertificate(dataDir, names, now)).toBe(true);
    expect((await server()).verify(authority.publicKey)).toBe(true);
  });

  it('is left alone when it is not of this authority', async () => {
    const ours = await material(names, now);
    const theirs = await material(names, later(-2000));
    await writeFile(ours.files.certFile, await readFile(theirs.files.certFile));
    expect(await renewServerCertificate(ours.dataDir, names, now)).toBe(false);
    const empty = await temporaryFolder();
    await mkdir(join(empty, 'tls'));
    expect(await renewServerCertificate(empty, names, now)).toBe(false);
  });
});
