import {
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  type KeyObject,
  X509Certificate,
} from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { defaultTlsFiles, type TlsFiles, tlsFolder } from '../config/config.js';
import { issueCertificate, type ServerNames } from './certificate.js';

const DAY_MS = 86_400_000;
const AUTHORITY_DAYS = 20 * 365;
/** Some clients trust no server certificate of more than 825 days. */
const SERVER_DAYS = 820;
/** Long before its end, so that nobody ever sees one that has ended. */
const RENEW_WITHIN_DAYS = 270;

const generateKeys = promisify(generateKeyPair);

/** Names and addresses under which clients may reach this machine, `extra` hosts included. */
export function machineNames(extra: readonly string[] = []): ServerNames {
  const lan = Object.values(networkInterfaces())
    .flatMap((entries) => entries ?? [])
    .filter((entry) => !entry.internal && !entry.address.startsWith('fe80:'))
    .map((entry) => entry.address);
  const name = hostname();
  const given = extra.filter((host) => host !== '0.0.0.0' && host !== '::');
  const hostNames = ['localhost', name, name.includes('.') ? name : `${name}.local`];
  return {
    hostNames: unique([...hostNames, ...given.filter((host) => isIP(host) === 0)]),
    addresses: unique(['127.0.0.1', '::1', ...lan, ...given.filter((host) => isIP(host) !== 0)]),
  };
}

/**
 * Makes an authority and a server certificate (ECDSA P-256) in `dataDir/tls`, which must not exist. Private keys are
 * for this user alone. The authority's key stays there, so that the server certificate can be renewed without
 * clients noticing.
 */
export async function createTlsMaterial(dataDir: string, names: ServerNames, now: Date): Promise<TlsFiles> {
  await mkdir(tlsFolder(dataDir), { mode: 0o700 });
  const keys = await generateKeys('ec', { namedCurve: 'P-256' });
  const subject = `printfarmd CA of ${hostname()}`;
  const certificate = issueCertificate({
    subject,
    issuer: subject,
    publicKey: keys.publicKey,
    issuerKey: keys.privateKey,
    issuerPublicKey: keys.publicKey,
    notBefore: days(now, -1),
    notAfter: days(now, AUTHORITY_DAYS),
    server: null,
  });
  const files = defaultTlsFiles(dataDir);
  await writeFile(authorityKeyFile(dataDir), pem(keys.privateKey), { mode: 0o600, flag: 'wx' });
  await writeFile(files.caFile, certificate, { mode: 0o644, flag: 'wx' });
  await issueServer(dataDir, subject, keys.privateKey, names, now);
  return files;
}

/**
 * Issues a fresh server certificate in `dataDir/tls` when there is none, or when the present one ends within 270 days.
 * Leaves alone what this installation's own authority did not make. True when there is a new one.
 */
export async function renewServerCertificate(
  dataDir: string,
  names: ServerNames,
  now: Date,
): Promise<boolean> {
  const files = defaultTlsFiles(dataDir);
  const authorityKey = await readIfThere(authorityKeyFile(dataDir));
  const authorityPem = await readIfThere(files.caFile);
  if (authorityKey === null || authorityPem === null) return false;
  const authority = new X509Certificate(authorityPem);
  const issuer = /^CN=(.*)$/m.exec(authority.subject)?.[1];
  const present = await readIfThere(files.certFile);
  if (issuer === undefined || (present !== null && !endsSoon(new X509Certificate(present), authority, now))) {
    return false;
  }
  await issueServer(dataDir, issuer, createPrivateKey(authorityKey), names, now);
  return true;
}

/** Whether a certificate is the authority's and near its end. */
function endsSoon(certificate: X509Certificate, authority: X509Certificate, now: Date): boolean {
  const ours = certificate.checkIssued(authority) && certificate.verify(authority.publicKey);
  return ours && Date.parse(certificate.validTo) <= days(now, RENEW_WITHIN_DAYS).getTime();
}

async function readIfThere(file: string): Promise<Buffer | null> {
  try {
    return await readFile(file);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}

async function issueServer(
  dataDir: string,
  issuer: string,
  issuerKey: KeyObject,
  names: ServerNames,
  now: Date,
): Promise<void> {
  const keys = await generateKeys('ec', { namedCurve: 'P-256' });
  const certificate = issueCertificate({
    subject: names.hostNames[1] ?? 'printfarmd',
    issuer,
    publicKey: keys.publicKey,
    issuerKey,
    issuerPublicKey: createPublicKey(issuerKey),
    notBefore: days(now, -1),
    notAfter: days(now, SERVER_DAYS),
    server: names,
  });
  const files = defaultTlsFiles(dataDir);
  await replace(files.keyFile, pem(keys.privateKey), 0o600);
  await replace(files.certFile, certificate, 0o644);
}

/** Whole or not at all: neither a daemon that starts meanwhile nor one after a power cut may read half a file. */
async function replace(file: string, text: string, mode: number): Promise<void> {
  await writeFile(`${file}.new`, text, { mode, flush: true });
  await rename(`${file}.new`, file);
}

function authorityKeyFile(dataDir: string): string {
  return join(tlsFolder(dataDir), 'ca-key.pem');
}

function pem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

function days(from: Date, count: number): Date {
  return new Date(from.getTime() + count * DAY_MS);
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values)];
}
