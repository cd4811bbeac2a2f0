/** FTP verbs that look at or change the card without a data channel. */
import { mkdirSync, renameSync, rmdirSync, rmSync } from 'node:fs';
import { FAULTS } from './faults.js';
import { modificationTime } from './ftp-listing.js';
import type { FtpSession } from './ftp-session.js';

export type FileVerb = (session: FtpSession, argument: string) => void;

export const FILE_VERBS: ReadonlyMap<string, FileVerb> = new Map<string, FileVerb>([
  ['PWD', (session) => session.reply(257, `"${session.cwd}" is the current directory`)],
  ['CWD', (session, argument) => enter(session, argument)],
  ['CDUP', (session) => enter(session, '..')],
  ['SIZE', withCard(size)],
  ['MDTM', withCard(modified)],
  ['DELE', withCard(remove)],
  ['MKD', withCard(makeFolder)],
  ['RMD', withCard(removeFolder)],
  ['RNFR', withCard(renameFrom)],
  ['RNTO', withCard(renameTo)],
  ['AVBL', withCard((session) => session.reply(213, String(session.options.storage.freeBytes)))],
]);

/** Without a card every file is out of reach. */
function withCard(verb: FileVerb): FileVerb {
  return (session, argument) => {
    if (session.options.faults.take(FAULTS.ftp550NoCard) !== null) {
      session.options.record('ftp', 'refused', { code: 550, reason: 'no card' });
      session.reply(550, 'Permission denied.');
      return;
    }
    verb(session, argument);
  };
}

function enter(session: FtpSession, argument: string): void {
  const path = session.path(argument);
  if (!session.options.storage.isFolder(path)) {
    session.reply(550, 'Failed to change directory.');
    return;
  }
  session.cwd = path;
  session.reply(250, 'Directory successfully changed.');
}

function size(session: FtpSession, argument: string): void {
  const path = session.path(argument);
  const bytes = session.options.storage.size(path);
  session.options.record('ftp', 'size', { path, bytes });
  if (bytes === null) session.reply(550, 'Could not get file size.');
  else session.reply(213, String(bytes));
}

function modified(session: FtpSession, argument: string): void {
  const date = session.options.storage.modified(session.path(argument));
  if (date === null) session.reply(550, 'Could not get file modification time.');
  else session.reply(213, modificationTime(date));
}

function remove(session: FtpSession, argument: string): void {
  const { storage, record } = session.options;
  const path = session.path(argument);
  const bytes = storage.size(path);
  record('ftp', 'dele', { path, bytes, found: bytes !== null });
  if (bytes === null) {
    session.reply(550, 'Delete operation failed.');
    return;
  }
  rmSync(storage.hostPath(path));
  session.reply(250, 'Delete operation successful.');
}

function makeFolder(session: FtpSession, argument: string): void {
  const { storage } = session.options;
  const path = session.path(argument);
  if (storage.isFolder(path) || !storage.canName(path)) {
    session.reply(550, 'Create directory operation failed.');
    return;
  }
  mkdirSync(storage.hostPath(path), { recursive: true });
  session.reply(257, `"${path}" created`);
}

function removeFolder(session: FtpSession, argument: string): void {
  const { storage } = session.options;
  const path = session.path(argument);
  if (path === '/' || storage.list(path)?.length !== 0) {
    session.reply(550, 'Remove directory operation failed.');
    return;
  }
  rmdirSync(storage.hostPath(path));
  session.reply(250, 'Remove directory operation successful.');
}

function renameFrom(session: FtpSession, argument: string): void {
  const path = session.path(argument);
  if (session.options.storage.size(path) === null) {
    session.reply(550, 'RNFR command failed.');
    return;
  }
  session.renameFrom = path;
  session.reply(350, 'Ready for RNTO.');
}

function renameTo(session: FtpSession, argument: string): void {
  const { storage, record } = session.options;
  const from = session.renameFrom;
  session.renameFrom = null;
  if (from === null) {
    session.reply(503, 'RNFR required first.');
    return;
  }
  const path = session.path(argument);
  if (!storage.canName(path)) {
    session.reply(553, 'Could not create file.');
    return;
  }
  renameSync(storage.hostPath(from), storage.hostPath(path));
  record('ftp', 'renamed', { from, path });
  session.reply(250, 'Rename successful.');
}
