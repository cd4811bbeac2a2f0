/**
 * Identities of the emulated printers (docs/protocol.md §3): one authority, one leaf per serial whose common name is
 * the serial and which names no address.
 */
import {
  createHash,
  createPrivateKey,
  generateKeyPair,
  type KeyObject,
  randomBytes,
  sign,
} from 'node:crypto';
import { promisify } from 'node:util';
import * as asn1 from '../der.js';

export interface EmulatorCa {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

/** What a TLS server shows: certificate and key as PEM. */
export interface Leaf {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

export interface LeafRequest {
  readonly commonName: string;
  readonly notBefore?: Date;
  readonly notAfter?: Date;
}

const CA_NAME = 'EMU CA';
const DAY_MS = 86_400_000;
const SHA256_WITH_RSA = asn1.sequence(asn1.oid('1.2.840.113549.1.1.11'), asn1.NULL);

const generateRsa = promisify(generateKeyPair);

/** A fresh authority with an RSA 2048 key, valid for ten years. */
export async function createEmulatorCa(): Promise<EmulatorCa> {
  const pair = await generateRsa('rsa', { modulusLength: 2048 });
  const certificate = issue({
    subject: CA_NAME,
    issuer: CA_NAME,
    publicKey: pair.publicKey,
    signingKey: pair.privateKey,
    notBefore: new Date(Date.now() - DAY_MS),
    notAfter: new Date(Date.now() + 3650 * DAY_MS),
    isAuthority: true,
  });
  return { certificatePem: certificate, privateKeyPem: exportKey(pair.privateKey) };
}

/** Issues leaves that all share the process's one key pair: two hundred RSA keys would take minutes. */
export class LeafIssuer {
  readonly #signingKey: KeyObject;

  constructor(readonly ca: EmulatorCa) {
    this.#signingKey = createPrivateKey(ca.privateKeyPem);
  }

  async issue(request: LeafRequest): Promise<Leaf> {
    const pair = await leafKeyPair();
    const certificatePem = issue({
      subject: request.commonName,
      issuer: CA_NAME,
      publicKey: pair.publicKey,
      signingKey: this.#signingKey,
      notBefore: request.notBefore ?? new Date(Date.now() - DAY_MS),
      notAfter: request.notAfter ?? new Date(Date.now() + 3650 * DAY_MS),
      isAuthority: false,
    });
    return { certificatePem, privateKeyPem: exportKey(pair.privateKey) };
  }
}

interface KeyPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

let sharedLeafKeys: Promise<KeyPair> | undefined;

function leafKeyPair(): Promise<KeyPair> {
  sharedLeafKeys ??= generateRsa('rsa', { modulusLength: 2048 });
  return sharedLeafKeys;
}

interface CertificateFields {
  readonly subject: string;
  readonly issuer: string;
  readonly publicKey: KeyObject;
  readonly signingKey: KeyObject;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly isAuthority: boolean;
}

function issue(fields: CertificateFields): string {
  const spki = fields.publicKey.export({ type: 'spki', format: 'der' });
  const serialNumber = randomBytes(16);
  serialNumber[0] = 0x40 | ((serialNumber[0] ?? 0) & 0x3f);
  const body = asn1.sequence(
    asn1.explicit(0, asn1.integer(Buffer.from([2]))),
    asn1.integer(serialNumber),
    SHA256_WITH_RSA,
    commonName(fields.issuer),
    asn1.sequence(asn1.time(fields.notBefore), asn1.time(fields.notAfter)),
    commonName(fields.subject),
    spki,
    asn1.explicit(3, asn1.sequence(...extensions(fields.isAuthority, spki))),
  );
  const certificate = asn1.sequence(
    body,
    SHA256_WITH_RSA,
    asn1.bits(sign('sha256', body, fields.signingKey)),
  );
  const lines = certificate.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

function commonName(name: string): Buffer {
  return asn1.sequence(asn1.set(asn1.sequence(asn1.oid('2.5.4.3'), asn1.utf8(name))));
}

/** Like the real ones: no subject alternative name, so that an address proves nothing. */
function extensions(isAuthority: boolean, spki: Buffer): Buffer[] {
  const keyId = createHash('sha1').update(spki).digest();
  const extension = (id: string, critical: boolean, value: Buffer): Buffer =>
    asn1.sequence(asn1.oid(id), ...(critical ? [asn1.boolean(true)] : []), asn1.octets(value));
  return [
    extension('2.5.29.14', false, asn1.octets(keyId)),
    extension('2.5.29.19', true, isAuthority ? asn1.sequence(asn1.boolean(true)) : asn1.sequence()),
    isAuthority
      ? extension('2.5.29.15', true, asn1.bits(Buffer.from([0x06]), 1))
      : extension('2.5.29.15', true, asn1.bits(Buffer.from([0xa0]), 5)),
  ];
}

function exportKey(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}
