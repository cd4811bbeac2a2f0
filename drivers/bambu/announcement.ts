import { isIPv4 } from 'node:net';
import { modelByCode, OTHER_DEVICES } from './models.js';

/** One announcement or search reply, read from a datagram (docs/protocol.md §2). */
export interface Announcement {
  readonly kind: 'alive' | 'byebye';
  readonly serial: string;
  readonly host: string;
  readonly mqttPort: number | null;
  readonly modelCode: string | null;
  readonly modelName: string | null;
  readonly name: string;
  readonly signalDbm: number | null;
  readonly connect: string | null;
  readonly bind: string | null;
  readonly firmware: string | null;
}

export const PRINTER_URN = 'urn:bambulab-com:device:3dprinter:1';

const MAX_DATAGRAM_BYTES = 8192;
const MAX_HEADERS = 64;
const MAX_NAME_LENGTH = 128;
const MAX_WORD_LENGTH = 32;

const START_LINE = /^(NOTIFY \* HTTP\/1\.[01]|HTTP\/1\.[01] 200( .*)?)$/i;
const SERIAL = /^[0-9A-Z]{10,24}$/;
const GENERATION_MARK = /-V\d$/i;

/**
 * Reads a datagram. Anybody in the network can send one, so every part is bounded and nothing throws.
 * @param source address the datagram came from; used when the announcement names none
 * @returns null when it is not a printer's announcement
 */
export function parseAnnouncement(datagram: Uint8Array, source: string): Announcement | null {
  if (datagram.byteLength > MAX_DATAGRAM_BYTES) return null;
  const lines = Buffer.from(datagram.buffer, datagram.byteOffset, datagram.byteLength)
    .toString('utf8')
    .split(/\r?\n/);
  if (!START_LINE.test(lines[0]?.trim() ?? '')) return null;
  const headers = readHeaders(lines.slice(1));
  if (headers === null) return null;

  const subject = headers.get('nt') ?? headers.get('st') ?? '';
  if (subject.toLowerCase() !== PRINTER_URN) return null;
  const serial = readSerial(headers.get('usn') ?? '');
  if (serial === null) return null;
  const code = (headers.get('devmodel.bambu.com') ?? '').slice(0, MAX_WORD_LENGTH);
  if (OTHER_DEVICES.includes(code.replace(GENERATION_MARK, ''))) return null;

  const model = modelByCode(code);
  const location = readLocation(headers.get('location') ?? '');
  return {
    kind: headers.get('nts')?.toLowerCase() === 'ssdp:byebye' ? 'byebye' : 'alive',
    serial,
    host: location?.host ?? source,
    mqttPort: location?.port ?? null,
    modelCode: model?.code ?? null,
    modelName: model?.name ?? null,
    name: clean(headers.get('devname.bambu.com') ?? '', MAX_NAME_LENGTH),
    signalDbm: readSignal(headers.get('devsignal.bambu.com') ?? ''),
    connect: word(headers.get('devconnect.bambu.com')),
    bind: word(headers.get('devbind.bambu.com')),
    firmware: word(headers.get('devversion.bambu.com')),
  };
}

/** Header names in lower case; the first of a repeated header counts. Null when there are too many. */
function readHeaders(lines: readonly string[]): Map<string, string> | null {
  const headers = new Map<string, string>();
  for (const line of lines) {
    if (line.trim() === '') break;
    const colon = line.indexOf(':');
    if (colon <= 0) continue;
    if (headers.size >= MAX_HEADERS) return null;
    const name = line.slice(0, colon).trim().toLowerCase();
    if (!headers.has(name)) headers.set(name, line.slice(colon + 1).trim());
  }
  return headers;
}

function readSerial(usn: string): string | null {
  const bare = usn.replace(/^uuid:/i, '').split('::')[0] ?? '';
  // Topics and certificates carry the serial in upper case.
  const serial = bare.trim().toUpperCase();
  return SERIAL.test(serial) ? serial : null;
}

/** A bare address, an address with a port, or a URL whose host is an address. */
function readLocation(location: string): { host: string; port: number | null } | null {
  if (isIPv4(location)) return { host: location, port: null };
  const authority = /^(?:[a-z][a-z0-9+.-]*:\/\/)?([0-9.]+)(?::(\d{1,5}))?(?:[/?#].*)?$/i.exec(location);
  const host = authority?.[1];
  if (host === undefined || !isIPv4(host)) return null;
  const port = Number(authority?.[2] ?? 0);
  return { host, port: port >= 1 && port <= 65535 ? port : null };
}

function readSignal(text: string): number | null {
  const signal = /^(-?\d{1,3})\s*(dbm)?$/i.exec(text)?.[1];
  return signal === undefined ? null : Number(signal);
}

function word(text: string | undefined): string | null {
  const cleaned = clean(text ?? '', MAX_WORD_LENGTH);
  return cleaned === '' ? null : cleaned;
}

/** Without control characters and direction marks, which could disguise a name in a list. */
function clean(text: string, maxLength: number): string {
  const visible = text.replace(/[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, '').trim();
  return Array.from(visible).slice(0, maxLength).join('');
}
