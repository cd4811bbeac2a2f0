/** FTP verbs with a data channel: uploads, downloads and listings (docs/protocol.md §8.2, §8.3). */
import { createReadStream, truncateSync } from 'node:fs';
import type { Socket } from 'node:net';
import { dirname } from 'node:path/posix';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { FAULTS } from './faults.js';
import { clearChannel, type DataChannel, type PassiveListener, secureChannel } from './ftp-data.js';
import { longListing, nameListing } from './ftp-listing.js';
import type { FtpSession } from './ftp-session.js';
import { receive, type UploadEnd } from './ftp-upload.js';

export type TransferVerb = (session: FtpSession, argument: string) => Promise<void>;

export const TRANSFER_VERBS: ReadonlyMap<string, TransferVerb> = new Map<string, TransferVerb>([
  ['STOR', store],
  ['RETR', retrieve],
  ['LIST', (session, argument) => list(session, argument, 'LIST')],
  ['NLST', (session, argument) => list(session, argument, 'NLST')],
]);

async function store(session: FtpSession, argument: string): Promise<void> {
  const { storage, record } = session.options;
  const path = session.path(argument);
  const refusal = storeRefusal(session, path);
  if (refusal !== null) {
    refuse(session, 'STOR', ...refusal);
    session.retirePassive();
    return;
  }
  await transfer(session, 'STOR', 'Ok to send data.', async (channel) => {
    record('ftp', 'stor', { path, reused: channel.reused });
    const end = await receive(channel, storage, path, session.options.faults, session.signal);
    await afterUpload(session, channel, path, end);
  });
}

function storeRefusal(session: FtpSession, path: string): [code: number, message: string] | null {
  const { storage, faults } = session.options;
  if (faults.take(FAULTS.ftp550NoCard) !== null) return [550, 'Permission denied.'];
  if (faults.take(FAULTS.ftp552, (args) => args.afterBytes === undefined) !== null) {
    return [552, 'Requested file action aborted. Exceeded storage allocation.'];
  }
  const exists = storage.size(path) !== null;
  if (faults.take(FAULTS.ftp553, (args) => args.onlyExisting !== true || exists) !== null) {
    return [553, 'Could not create file.'];
  }
  if (!storage.canName(path) || !storage.isFolder(dirname(path)) || storage.isFolder(path)) {
    return [553, 'Could not create file.'];
  }
  return null;
}

async function afterUpload(
  session: FtpSession,
  channel: DataChannel,
  path: string,
  end: UploadEnd,
): Promise<void> {
  const { record, faults, clock, storage, profile } = session.options;
  const fields = { path, bytes: end.bytes, reused: channel.reused };
  if (end.kind === 'drop') {
    record('ftp', 'dropped', fields);
    channel.destroy();
    session.destroy();
    return;
  }
  if (end.kind !== 'complete') {
    record('ftp', 'cut', { ...fields, reason: end.kind });
    if (end.kind === 'full')
      session.reply(552, 'Requested file action aborted. Exceeded storage allocation.');
    else session.reply(426, 'Failure reading network stream.');
    return;
  }
  const broken = faults.take(FAULTS.ftp426);
  if (broken !== null) {
    const kept = broken.kind === 'truncated' ? Math.floor(end.bytes / 2) : end.bytes;
    truncateSync(storage.hostPath(path), kept);
    record('ftp', 'stored', { ...fields, bytes: kept, reply: 426 });
    session.reply(426, 'Failure reading network stream.');
    return;
  }
  const half = faults.take(FAULTS.ftpHalf226) !== null;
  const kept = half ? Math.floor(end.bytes / 2) : end.bytes;
  if (half) truncateSync(storage.hostPath(path), kept);
  record('ftp', 'stored', { ...fields, bytes: kept });
  if (faults.take(FAULTS.ftpNo226) !== null) return;
  const late = faults.take(FAULTS.ftpLate226)?.seconds ?? profile.ftp.completionDelaySeconds;
  if (late > 0) await clock.sleep(late * 1000, session.signal);
  session.reply(226, 'Transfer complete.');
}

async function retrieve(session: FtpSession, argument: string): Promise<void> {
  const { storage, record, faults } = session.options;
  const path = session.path(argument);
  if (faults.take(FAULTS.ftp550NoCard) !== null || storage.size(path) === null) {
    refuse(session, 'RETR', 550, 'Failed to open file.');
    session.retirePassive();
    return;
  }
  const bytes = storage.size(path);
  await transfer(
    session,
    'RETR',
    `Opening BINARY mode data connection (${bytes} bytes).`,
    async (channel) => {
      await pipeline(createReadStream(storage.hostPath(path)), channel.stream, { signal: session.signal });
      record('ftp', 'retr', { path, bytes, reused: channel.reused });
      session.reply(226, 'Transfer complete.');
    },
  );
}

async function list(session: FtpSession, argument: string, verb: 'LIST' | 'NLST'): Promise<void> {
  const { storage, profile, faults } = session.options;
  // Options such as -a are told apart from names by the dash.
  const folder = session.path(argument.startsWith('-') ? '' : argument);
  const noCard = faults.take(FAULTS.ftp550NoCard) !== null;
  const entries = noCard ? [] : (storage.list(folder) ?? []);
  const text =
    verb === 'LIST' ? longListing(entries) : nameListing(entries, folder, profile.ftp.nlstFullPaths);
  await transfer(session, verb, 'Here comes the directory listing.', async (channel) => {
    await pipeline(Readable.from([Buffer.from(text, 'utf8')]), channel.stream, { signal: session.signal });
    session.reply(226, 'Directory send OK.');
  });
}

/** Opens the data channel, runs the work, and closes; one transfer per printer at a time. */
async function transfer(
  session: FtpSession,
  verb: string,
  opening: string,
  work: (channel: DataChannel) => Promise<void>,
): Promise<void> {
  const { passive } = session;
  if (passive === null) {
    session.reply(425, 'Use PASV first.');
    return;
  }
  const release = session.options.faults.take(FAULTS.ftpBusyConn) !== null ? null : session.options.lock();
  if (release === null) {
    refuse(session, verb, 425, 'Failed to establish connection.');
    session.retirePassive();
    return;
  }
  session.passive = null;
  const stopWaiting = (): void => passive.close();
  session.signal.addEventListener('abort', stopWaiting);
  try {
    session.reply(150, opening);
    const channel = await dataChannel(session, verb, passive);
    if (channel === null) return;
    try {
      await work(channel);
    } finally {
      channel.stream.end();
      channel.drain();
    }
  } finally {
    session.signal.removeEventListener('abort', stopWaiting);
    release();
  }
}

async function dataChannel(
  session: FtpSession,
  verb: string,
  passive: PassiveListener,
): Promise<DataChannel | null> {
  const { faults, profile } = session.options;
  const socket = await passive.connection();
  if (socket === null) {
    passive.close();
    refuse(session, verb, 425, 'Failed to establish connection.');
    return null;
  }
  socket.once('close', () => passive.close());
  const mustReuse = profile.ftp.requiresSessionReuse || faults.has(FAULTS.ftpRequireReuse);
  if (!session.encrypted) {
    if (!mustReuse) return clearChannel(socket);
    refuse(session, verb, 522, 'Data connections must be encrypted.');
    passive.retire();
    return null;
  }
  const stalls = faults.take(FAULTS.ftpStallProtP) !== null;
  const channel = stalls ? await untilClosed(socket) : await secureChannel(socket, session.context);
  if (channel === null) {
    passive.close();
    refuse(session, verb, 522, 'SSL connection failed; handshake did not complete.');
    return null;
  }
  if (mustReuse && !channel.reused) {
    refuse(session, verb, 522, 'SSL connection failed: session reuse required');
    channel.drain();
    return null;
  }
  return channel;
}

/** A handshake that is never answered: waits until the client gives up. */
function untilClosed(socket: Socket): Promise<null> {
  return new Promise((resolve) => {
    socket.once('end', () => socket.destroy());
    socket.once('close', () => resolve(null));
    socket.resume();
  });
}

function refuse(session: FtpSession, verb: string, code: number, message: string): void {
  session.options.record('ftp', 'refused', { verb, code });
  session.reply(code, message);
}
