import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { TlsOptions } from 'node:tls';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { PrinterConnection } from '../../../drivers/bambu/connection.js';
import { openSecureSocket } from '../../../drivers/bambu/secure-socket.js';
import { checkPeer, secureContextOptions, trustedAuthorities } from '../../../drivers/bambu/trust.js';
import { TRUST_ANCHORS } from '../../../drivers/bambu/trust-anchors.js';
import type { PrinterTarget } from '../../../drivers/driver.js';
import { createEmulatorCa, type Leaf, LeafIssuer } from '../../../drivers/emulator/certificates.js';
import { freshHost } from '../../fixtures/fresh-host.js';
import { Peer } from './tls-peer.js';

const SERIAL = '00M09X000000001';
const DAY_MS = 86_400_000;

let issuer: LeafIssuer;
let stranger: LeafIssuer;
let right: Leaf;
let rotated: Leaf;
let otherPrinter: Leaf;
let ofStranger: Leaf;

beforeAll(async () => {
  issuer = new LeafIssuer(await createEmulatorCa());
  stranger = new LeafIssuer(await createEmulatorCa());
  right = await issuer.issue({ commonName: SERIAL });
  rotated = await issuer.issue({ commonName: SERIAL, notBefore: new Date(Date.now() - 2 * DAY_MS) });
  otherPrinter = await issuer.issue({ commonName: '00M09X000000002' });
  ofStranger = await stranger.issue({ commonName: SERIAL });
});

const peers: Peer[] = [];

async function peer(leaf: Leaf, options: TlsOptions = {}): Promise<Peer> {
  const started = await new Peer(leaf, options).listen();
  peers.push(started);
  return started;
}

afterEach(async () => {
  await Promise.all(peers.splice(0).map((started) => started.close()));
});

const NOWHERE = { host: '127.0.0.1', port: 1 };

function target(
  at: { readonly host: string; readonly port: number },
  changes: Partial<PrinterTarget> = {},
): PrinterTarget {
  return {
    serial: SERIAL,
    host: at.host,
    mqttPort: at.port,
    ftpPort: at.port,
    accessCode: 'secret01',
    trust: 'ca',
    extraCa: [issuer.ca.certificatePem],
    pinnedFingerprint: null,
    modelCode: null,
    ...changes,
  };
}

/** Opens and closes again; gives the fingerprint. */
async function open(wanted: PrinterTarget): Promise<string> {
  const { socket, fingerprint } = await openSecureSocket(wanted, wanted.mqttPort, {
    timeoutMs: 5_000,
    signal: new AbortController().signal,
  });
  socket.destroy();
  return fingerprint;
}

const fingerprintOf = (leaf: Leaf): string => new X509Certificate(leaf.certificatePem).fingerprint256;

describe('the roots', () => {
  it.each(TRUST_ANCHORS.map((anchor) => [anchor.name, anchor] as const))(
    '%s is the one it says',
    (name, anchor) => {
      const certificate = new X509Certificate(anchor.pem);
      expect(certificate.fingerprint256).toBe(anchor.fingerprint);
      expect(certificate.subject).toMatch(new RegExp(`CN=${name}$`));
      expect(certificate.ca).toBe(true);
      expect(certificate.verify(certificate.publicKey)).toBe(true);
    },
  );

  it('are all trusted, with those of the target', () => {
    expect(trustedAuthorities(['PEM'])).toEqual([...TRUST_ANCHORS.map((anchor) => anchor.pem), 'PEM']);
  });

  it('are read once for all printers that trust the same further ones, and no others', () => {
    const contextWith = (...extraCa: string[]) =>
      secureContextOptions({ ...target(NOWHERE), extraCa }).secureContext;
    const [further = ''] = TRUST_ANCHORS.map((anchor) => anchor.pem);
    expect(contextWith()).toBe(contextWith());
    expect(contextWith(further)).toBe(contextWith(further));
    expect(contextWith(further)).not.toBe(contextWith());
  });
});

describe('trust by authority', () => {
  it('takes the certificate of the serial, whatever the address', async () => {
    await expect(open(target(await peer(right)))).resolves.toBe(fingerprintOf(right));
  });

  it('fact-01: refuses another serial of the same authority', async () => {
    await expect(open(target(await peer(otherPrinter)))).rejects.toMatchObject({
      kind: 'certificate',
      message: expect.stringContaining('00M09X000000002'),
    });
  });

  it('fault-17: refuses the right serial in the wrong case', async () => {
    const lower = await issuer.issue({ commonName: SERIAL.toLowerCase() });
    await expect(open(target(await peer(lower)))).rejects.toMatchObject({ kind: 'certificate' });
  });

  it('refuses an authority nobody knows, and says what would mend it', async () => {
    await expect(open(target(await peer(ofStranger)))).rejects.toMatchObject({
      kind: 'certificate',
      message: expect.stringContaining('tofu'),
    });
  });

  it('refuses a certificate out of its time, and points to the clock', async () => {
    const expired = await issuer.issue({
      commonName: SERIAL,
      notBefore: new Date(Date.now() - 2 * DAY_MS),
      notAfter: new Date(Date.now() - DAY_MS),
    });
    await expect(open(target(await peer(expired)))).rejects.toMatchObject({
      kind: 'certificate',
      code: 'CERT_HAS_EXPIRED',
      message: expect.stringContaining('clock'),
    });
  });

  it('does not care for a pin', async () => {
    await expect(open(target(await peer(right), { pinnedFingerprint: '00:11' }))).resolves.toBe(
      fingerprintOf(right),
    );
  });

  it('fact-01, pain-02: speaks TLS 1.2 and nothing else', async () => {
    await expect(open(target(await peer(right, { minVersion: 'TLSv1.3' })))).rejects.toMatchObject({
      kind: expect.stringMatching(/unreachable|unsupported/),
    });
    await expect(open(target(await peer(right, { maxVersion: 'TLSv1.2' })))).resolves.toBe(
      fingerprintOf(right),
    );
  });

  it.each(['ECDHE-RSA-AES256-GCM-SHA384', 'AES256-GCM-SHA384', 'AES128-GCM-SHA256'])(
    'speaks %s, as printers do',
    async (ciphers) => {
      const at = await peer(right, { ciphers, maxVersion: 'TLSv1.2' });
      await expect(open(target(at))).resolves.toBe(fingerprintOf(right));
    },
  );
});

describe('trust on first use', () => {
  it('takes an unknown authority the first time and tells the fingerprint', async () => {
    await expect(open(target(await peer(ofStranger), { trust: 'tofu' }))).resolves.toBe(
      fingerprintOf(ofStranger),
    );
  });

  it('takes the same certificate again, and refuses another', async () => {
    const pinned = { trust: 'tofu', pinnedFingerprint: fingerprintOf(right) } as const;
    await expect(open(target(await peer(right), pinned))).resolves.toBe(fingerprintOf(right));
    await expect(open(target(await peer(rotated), pinned))).rejects.toMatchObject({
      kind: 'certificate',
      message: expect.stringContaining(fingerprintOf(rotated)),
    });
  });

  it('takes a pin in any case', async () => {
    const pinned = { trust: 'tofu', pinnedFingerprint: fingerprintOf(right).toLowerCase() } as const;
    await expect(open(target(await peer(right), pinned))).resolves.toBe(fingerprintOf(right));
  });

  it('still wants the serial in the certificate', async () => {
    await expect(open(target(await peer(otherPrinter), { trust: 'tofu' }))).rejects.toMatchObject({
      kind: 'certificate',
    });
  });
});

describe('no trust at all', () => {
  it('takes whoever answers', async () => {
    const anybody = target(await peer(otherPrinter), { trust: 'insecure', extraCa: [] });
    await expect(open(anybody)).resolves.toBe(fingerprintOf(otherPrinter));
  });
});

describe('before the identity is proved', () => {
  it.each([
    ['a wrong name', () => otherPrinter, { trust: 'ca' }],
    ['an unknown authority', () => ofStranger, { trust: 'ca' }],
    ['a wrong name under tofu', () => otherPrinter, { trust: 'tofu' }],
    ['a changed certificate under tofu', () => rotated, { trust: 'tofu', pinnedFingerprint: 'AA:BB' }],
  ] as const)('not one byte is sent: %s', async (_what, leaf, changes) => {
    const at = await peer(leaf());
    const connection = new PrinterConnection(
      target(at, changes),
      { clientId: 'test', timeoutMs: 5_000, keepaliveSeconds: 30 },
      () => {},
    );
    await expect(connection.open(new AbortController().signal)).rejects.toMatchObject({
      kind: 'certificate',
    });
    // The server has seen the end of the connection, so it has seen all that was sent over it.
    await at.close();
    expect(Buffer.concat(at.received)).toHaveLength(0);
  });
});

describe('checking a peer', () => {
  it('refuses one that shows no certificate', () => {
    const nobody = target(NOWHERE, { trust: 'insecure' });
    // Node gives an empty object where a peer has shown nothing.
    expect(() => checkPeer(nobody, JSON.parse('{}'))).toThrow(/no certificate/);
  });
});

describe('a connection that does not come about', () => {
  it('is unreachable where nothing listens', async () => {
    const at = await peer(right);
    const wanted = target(at);
    await at.close();
    await expect(open(wanted)).rejects.toMatchObject({ kind: 'unreachable', code: 'ECONNREFUSED' });
  });

  it('is given up after its time', async () => {
    const { createServer: createPlainServer } = await import('node:net');
    const mute = createPlainServer();
    mute.listen(0, freshHost());
    await once(mute, 'listening');
    const address = mute.address();
    if (address === null || typeof address === 'string') throw new Error('not listening');
    const wanted = target({ host: address.address, port: address.port });
    const { signal } = new AbortController();
    await expect(openSecureSocket(wanted, address.port, { timeoutMs: 50, signal })).rejects.toMatchObject({
      kind: 'unreachable',
      message: expect.stringContaining('handshake'),
    });
    mute.close();
  });

  it('ends at once when it is not wanted any more', async () => {
    const at = await peer(right);
    const controller = new AbortController();
    const opening = openSecureSocket(target(at), at.port, { timeoutMs: 5_000, signal: controller.signal });
    controller.abort();
    await expect(opening).rejects.toMatchObject({ kind: 'aborted' });
    await expect(
      openSecureSocket(target(at), at.port, { timeoutMs: 5_000, signal: controller.signal }),
    ).rejects.toMatchObject({ kind: 'aborted' });
  });
});
