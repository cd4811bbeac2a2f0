import { createSecureContext, type PeerCertificate, type SecureContext } from 'node:tls';
import { DriverError, type PrinterTarget } from '../driver.js';
import { TRUST_ANCHORS } from './trust-anchors.js';

/**
 * What a TLS connection to a printer must be told. A type of its own so that it fits `tls.connect` as well as
 * a library that hands its options on.
 */
export interface SecureContextOptions {
  /** The serial: it is what the certificate names, never the address. */
  readonly servername: string;
  /** The same object for the control and the data channel, and for every printer that trusts the same authorities. */
  readonly secureContext: SecureContext;
  readonly rejectUnauthorized: boolean;
  readonly checkServerIdentity: (host: string, certificate: PeerCertificate) => Error | undefined;
}

const bambuRoots = TRUST_ANCHORS.map((anchor) => anchor.pem);

/** PEM certificates that may have issued a printer's: the vendor's, and what the target adds. */
export function trustedAuthorities(extraCa: readonly string[]): string[] {
  return [...bambuRoots, ...extraCa];
}

/** By further authorities. To make one reads every certificate anew, which costs a farm that connects at once. */
const contexts = new Map<string, SecureContext>();
const MOST_CONTEXTS = 64;

function contextFor(extraCa: readonly string[]): SecureContext {
  const key = extraCa.join('\n');
  const known = contexts.get(key);
  if (known !== undefined) return known;
  const context = createSecureContext({
    ca: trustedAuthorities(extraCa),
    minVersion: 'TLSv1.2',
    maxVersion: 'TLSv1.2',
  });
  if (contexts.size >= MOST_CONTEXTS) contexts.clear();
  contexts.set(key, context);
  return context;
}

/**
 * TLS options for a target, for MQTT and FTPS alike. TLS 1.2 only: some firmware offers 1.3 and breaks under it
 * (docs/protocol.md §3). In mode `ca` the handshake itself refuses a chain that leads to no known root; in `tofu`
 * and `insecure` it lets any certificate through, so `checkPeer` must be called before anything is sent.
 */
export function secureContextOptions(target: PrinterTarget): SecureContextOptions {
  return {
    servername: target.serial,
    secureContext: contextFor(target.extraCa),
    rejectUnauthorized: target.trust === 'ca',
    checkServerIdentity: (_host, certificate) =>
      target.trust === 'ca' ? nameMismatch(target.serial, certificate) : undefined,
  };
}

/**
 * Proves who answered. To be called when the handshake is done and before the access code is sent.
 * @returns the SHA-256 fingerprint of the certificate (upper-case hex with colons); under `tofu` without a pin the
 *   caller stores it.
 * @throws DriverError `certificate`
 */
export function checkPeer(target: PrinterTarget, certificate: PeerCertificate): string {
  const fingerprint: string | undefined = certificate.fingerprint256;
  if (fingerprint === undefined) {
    throw new DriverError('certificate', `The printer at ${target.host} showed no certificate.`);
  }
  if (target.trust === 'insecure') return fingerprint;
  const mismatch = nameMismatch(target.serial, certificate);
  if (mismatch !== undefined) throw mismatch;
  const pinned = target.trust === 'tofu' ? target.pinnedFingerprint : null;
  if (pinned !== null && pinned.toUpperCase() !== fingerprint) {
    throw new DriverError(
      'certificate',
      `The certificate of ${target.serial} is not the one seen first: expected SHA-256 ${pinned}, got ${fingerprint}. ` +
        'If the printer was repaired or its firmware updated, forget the pinned certificate to accept the new one.',
    );
  }
  return fingerprint;
}

function nameMismatch(serial: string, certificate: PeerCertificate): DriverError | undefined {
  const name: unknown = certificate.subject?.CN;
  if (name === serial) return undefined;
  const shown = typeof name === 'string' ? `is named "${name.slice(0, 64)}"` : 'bears no single name';
  return new DriverError(
    'certificate',
    `The certificate ${shown}, not "${serial}": another machine answers at this address, or the serial is mistyped ` +
      '(upper case, as on the printer).',
  );
}
