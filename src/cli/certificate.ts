import { createHash, type KeyObject, randomBytes, sign } from 'node:crypto';
import { isIPv4 } from 'node:net';
import * as asn1 from '../../drivers/der.js';

/** What a certificate says, as far as ours differ. */
export interface CertificateFields {
  /** Common names. */
  readonly subject: string;
  readonly issuer: string;
  readonly publicKey: KeyObject;
  /** Key that signs, of the curve P-256: the issuer's, or the certificate's own when it signs itself. */
  readonly issuerKey: KeyObject;
  readonly issuerPublicKey: KeyObject;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** Names and addresses of a server; null makes an authority. */
  readonly server: ServerNames | null;
}

export interface ServerNames {
  readonly hostNames: readonly string[];
  /** IPv4 and IPv6. */
  readonly addresses: readonly string[];
}

const ECDSA_WITH_SHA256 = asn1.sequence(asn1.oid('1.2.840.10045.4.3.2'));

/** An X.509 version 3 certificate as PEM. */
export function issueCertificate(fields: CertificateFields): string {
  const serialNumber = randomBytes(16);
  // Positive, and of the same length whatever chance says.
  serialNumber[0] = 0x40 | ((serialNumber[0] ?? 0) & 0x3f);
  const body = asn1.sequence(
    asn1.explicit(0, asn1.integer(Buffer.from([2]))),
    asn1.integer(serialNumber),
    ECDSA_WITH_SHA256,
    commonName(fields.issuer),
    asn1.sequence(asn1.time(fields.notBefore), asn1.time(fields.notAfter)),
    commonName(fields.subject),
    publicKeyInfo(fields.publicKey),
    asn1.explicit(3, asn1.sequence(...extensions(fields))),
  );
  const certificate = asn1.sequence(
    body,
    ECDSA_WITH_SHA256,
    asn1.bits(sign('sha256', body, fields.issuerKey)),
  );
  const lines = certificate.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

function commonName(name: string): Buffer {
  return asn1.sequence(asn1.set(asn1.sequence(asn1.oid('2.5.4.3'), asn1.utf8(name))));
}

function publicKeyInfo(key: KeyObject): Buffer {
  return key.export({ type: 'spki', format: 'der' });
}

function keyId(key: KeyObject): Buffer {
  return createHash('sha1').update(publicKeyInfo(key)).digest();
}

function extensions({ publicKey, issuerPublicKey, server }: CertificateFields): Buffer[] {
  const subjectKeyId = extension('2.5.29.14', false, asn1.octets(keyId(publicKey)));
  const issuerKeyId = extension('2.5.29.35', false, asn1.sequence(asn1.der(0x80, keyId(issuerPublicKey))));
  if (server === null) {
    const authority = extension('2.5.29.19', true, asn1.sequence(asn1.boolean(true)));
    // keyCertSign and cRLSign
    const usage = extension('2.5.29.15', true, asn1.bits(Buffer.from([0x06]), 1));
    return [subjectKeyId, issuerKeyId, authority, usage];
  }
  return [
    subjectKeyId,
    issuerKeyId,
    extension('2.5.29.19', true, asn1.sequence()),
    // digitalSignature
    extension('2.5.29.15', true, asn1.bits(Buffer.from([0x80]), 7)),
    // serverAuth
    extension('2.5.29.37', false, asn1.sequence(asn1.oid('1.3.6.1.5.5.7.3.1'))),
    extension('2.5.29.17', false, asn1.sequence(...alternativeNames(server))),
  ];
}

function extension(id: string, critical: boolean, value: Buffer): Buffer {
  return asn1.sequence(asn1.oid(id), ...(critical ? [asn1.boolean(true)] : []), asn1.octets(value));
}

function alternativeNames({ hostNames, addresses }: ServerNames): Buffer[] {
  return [
    ...hostNames.map((name) => asn1.der(0x82, Buffer.from(name, 'latin1'))),
    ...addresses.map((address) => asn1.der(0x87, addressBytes(address))),
  ];
}

function addressBytes(address: string): Buffer {
  if (isIPv4(address)) return Buffer.from(address.split('.').map(Number));
  // The URL parser writes IPv6 addresses in their one canonical form, with hexadecimal groups only.
  const [front = '', back = ''] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const groups = (text: string) => (text === '' ? [] : text.split(':'));
  const zeros = Array.from({ length: 8 - groups(front).length - groups(back).length }, () => '0');
  const all = [...groups(front), ...zeros, ...groups(back)];
  return Buffer.from(all.map((group) => group.padStart(4, '0')).join(''), 'hex');
}
