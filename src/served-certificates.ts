import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Config } from './config/config.js';
import type { Logger } from './telemetry/log.js';

/** Certificate, with its chain, and private key, as PEM. */
export interface CertificatePair {
  readonly cert: string;
  readonly key: string;
}

type Door = 'REST' | 'MQTT';

interface Shows {
  /** @throws when certificate and key do not fit */
  useCertificate(certificate: CertificatePair): void;
}

const DAY_MS = 86_400_000;
/** So long before a certificate ends, the log says so every day. */
const WARN_WITHIN_DAYS = 21;
/** More than a chain of authorities. */
const MAX_CA_CHARACTERS = 256 * 1024;

export interface ServedCertificatesOptions {
  readonly config: Pick<Config, 'http' | 'mqtt'>;
  readonly now: () => Date;
  readonly log: Logger;
}

/** The certificates that the daemon's listeners show, and the CA that clients are to trust. */
export class ServedCertificates {
  /** CA certificates, nothing else; null when there are none to give away. */
  caPem: string | null = null;
  private shows: Readonly<Record<Door, Shows>> | null = null;
  private readonly pairs = new Map<Door, CertificatePair>();

  private constructor(private readonly options: ServedCertificatesOptions) {}

  /** @throws when a file cannot be read, or certificate and key do not fit */
  static async read(options: ServedCertificatesOptions): Promise<ServedCertificates> {
    const served = new ServedCertificates(options);
    for (const [door, files] of served.files()) {
      served.pairs.set(door, await readPair(files));
      served.warnOfEnd(door);
    }
    await served.readCa();
    return served;
  }

  /** Names the listeners that are told of new certificates. */
  shownBy(doors: Readonly<Record<Door, Shows>>): void {
    this.shows = doors;
  }

  get rest(): CertificatePair | null {
    return this.pairs.get('REST') ?? null;
  }

  /**
   * Reads the files anew and shows what has changed to whoever connects from now on. Never fails: what cannot be used is
   * told in the log, and what was shown before goes on.
   */
  async refresh(): Promise<void> {
    const { log } = this.options;
    for (const [door, files] of this.files()) {
      try {
        const pair = await readPair(files);
        const before = this.pairs.get(door);
        if (before === undefined || pair.cert !== before.cert || pair.key !== before.key) {
          this.shows?.[door].useCertificate(pair);
          this.pairs.set(door, pair);
          const { fingerprint256, validTo } = new X509Certificate(pair.cert);
          log.info({ door, fingerprint256, validTo }, `${door} shows a new certificate`);
        }
      } catch (error) {
        log.error({ err: error, door, ...files }, `the new certificate of ${door} was not taken`);
      }
      this.warnOfEnd(door);
    }
    try {
      await this.readCa();
    } catch (error) {
      log.error({ err: error }, 'the CA certificate could not be read anew');
    }
  }

  private warnOfEnd(door: Door): void {
    const pair = this.pairs.get(door);
    if (pair === undefined) return;
    const { validTo } = new X509Certificate(pair.cert);
    const days = Math.floor((Date.parse(validTo) - this.options.now().getTime()) / DAY_MS);
    if (days > WARN_WITHIN_DAYS) return;
    const when = days < 0 ? 'has ended' : `ends in ${days} days`;
    this.options.log.warn(
      { door, validTo },
      `the certificate of ${door} ${when}: clients will not trust it then`,
    );
  }

  private async readCa(): Promise<void> {
    const { mqtt } = this.options.config;
    if (!mqtt.enabled) return;
    const text = await readFile(mqtt.tls.caFile, 'utf8');
    const found = text.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? [];
    // A file may hold a private key beside them, which must never go out.
    const certificates = found.map((one) => `${one}\n`).join('');
    this.caPem = certificates === '' || certificates.length > MAX_CA_CHARACTERS ? null : certificates;
  }

  private files(): [Door, { readonly certFile: string; readonly keyFile: string }][] {
    const { http, mqtt } = this.options.config;
    const files: [Door, { certFile: string; keyFile: string }][] = [];
    if (http.tls !== null) files.push(['REST', http.tls]);
    if (mqtt.enabled) files.push(['MQTT', { certFile: mqtt.tls.certFile, keyFile: mqtt.tls.keyFile }]);
    return files;
  }
}

async function readPair({
  certFile,
  keyFile,
}: {
  certFile: string;
  keyFile: string;
}): Promise<CertificatePair> {
  const [cert, key] = await Promise.all([readFile(certFile, 'utf8'), readFile(keyFile, 'utf8')]);
  if (!belongTogether(cert, key)) {
    throw new Error(
      `the certificate of ${certFile} and the private key of ${keyFile} do not belong together`,
    );
  }
  return { cert, key };
}

function belongTogether(cert: string, key: string): boolean {
  return new X509Certificate(cert).checkPrivateKey(createPrivateKey(key));
}
