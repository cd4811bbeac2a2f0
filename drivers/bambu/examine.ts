import { connect } from 'node:net';
import {
  type CheckName,
  type CheckResult,
  type Connection,
  DriverError,
  type ExamineOptions,
  type PrinterReport,
  type PrinterSession,
  type PrinterTarget,
  type SessionEvents,
} from '../driver.js';
import { developerModeCheck, failedCheck, freeSpaceCheck, skipped, storageCheck } from './examine-checks.js';
import type { FileTransfer } from './file-transfer.js';
import { openSecureSocket } from './secure-socket.js';

export interface ExamineParts {
  /** For a session of its own to report, milliseconds. */
  readonly sessionMs: number;
  readonly transfer: FileTransfer;
  readonly createSession: (target: PrinterTarget, events: SessionEvents) => PrinterSession;
}

/** How long each check may take, milliseconds. */
const TCP_MS = 5_000;
const TLS_MS = 8_000;
const FILES_MS = 20_000;

/**
 * Finds out what stands between this program and a printer, one check after the other (docs/protocol.md §15). Without
 * a session that is there already, one is made for as long as it takes: a printer has room for few.
 */
export async function examine(
  given: PrinterTarget,
  options: ExamineOptions,
  parts: ExamineParts,
): Promise<void> {
  const { signal, live } = options;
  const report = (check: CheckName, result: Omit<CheckResult, 'check'>): void =>
    options.onCheck({ check, ...result });
  const [mqttPort, ftpPort] = await Promise.all([
    reach(given, given.mqttPort, signal),
    reach(given, given.ftpPort, signal),
  ]);
  report('mqtt-port', mqttPort);
  report('ftps-port', ftpPort);

  let target = given;
  let certificate = skipped('the MQTT port cannot be reached');
  if (mqttPort.outcome === 'ok') {
    const proof = await prove(given, signal);
    certificate = proof.result;
    // What it showed just now is what the other checks may trust.
    if (given.trust === 'tofu')
      target = { ...given, pinnedFingerprint: given.pinnedFingerprint ?? proof.fingerprint };
  }
  report('certificate', certificate);
  if (signal.aborted) return;

  const trusted = certificate.outcome === 'ok';
  const why = 'the certificate must be right first: the access code is given to nobody else';
  const [session, files] = await Promise.all([
    trusted ? (live === null ? ownSession(target, signal, parts) : live) : null,
    trusted && ftpPort.outcome === 'ok' ? look(target, signal, parts.transfer) : null,
  ]);
  report('access-code', session === null ? skipped(why) : accessCode(session, files));
  report('reports', session === null ? skipped(why) : reports(session, parts.sessionMs));
  const noFiles = ftpPort.outcome === 'ok' ? why : 'the FTPS port cannot be reached';
  report('files', files === null ? skipped(noFiles) : fileAccess(files));
  const last = session?.lastReport ?? null;
  report(
    'free-space',
    files !== null && !(files instanceof DriverError)
      ? freeSpaceCheck(files.freeBytes, last)
      : storageCheck(last),
  );
  report('developer-mode', developerModeCheck(last));
}

type Result = Omit<CheckResult, 'check'>;
type Seen = { readonly connection: Connection; readonly lastReport: PrinterReport | null };
type Files = { readonly files: number; readonly freeBytes: number | null } | DriverError;

/** Whether anything listens. */
function reach({ host }: PrinterTarget, port: number, signal: AbortSignal): Promise<Result> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const settle = (result: Result): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      socket.destroy();
      resolve(result);
    };
    const failed = (detail: string): void =>
      settle({
        outcome: 'failed',
        detail: `${host}:${port}: ${detail}`,
        advice:
          'Is the printer on, in this network, and this its address? Compare with its screen (Settings > Network), and ' +
          'look for a firewall or a guest network between.',
      });
    const onAbort = (): void => settle(skipped('called off'));
    const timer = setTimeout(() => failed(`no answer in ${TCP_MS / 1000} s`), TCP_MS);
    signal.addEventListener('abort', onAbort, { once: true });
    socket.once('connect', () => settle({ outcome: 'ok', detail: `${host}:${port} answers`, advice: null }));
    socket.once('error', (error) =>
      failed('code' in error ? `no connection (${String(error.code)})` : error.message),
    );
    if (signal.aborted) onAbort();
  });
}

async function prove(
  target: PrinterTarget,
  signal: AbortSignal,
): Promise<{ readonly result: Result; readonly fingerprint: string | null }> {
  try {
    const { socket, fingerprint } = await openSecureSocket(target, target.mqttPort, {
      timeoutMs: TLS_MS,
      signal,
    });
    socket.destroy();
    const detail =
      target.trust === 'insecure'
        ? `not checked (trust: insecure); SHA-256 ${fingerprint}`
        : `names ${target.serial} (trust: ${target.trust}); SHA-256 ${fingerprint}`;
    return { result: { outcome: 'ok', detail, advice: null }, fingerprint };
  } catch (error) {
    return { result: failedCheck(error), fingerprint: null };
  }
}

/** A session of our own, until it has reported, was refused, or its time is over. */
async function ownSession(target: PrinterTarget, signal: AbortSignal, parts: ExamineParts): Promise<Seen> {
  let look = (): void => {};
  const session = parts.createSession(target, {
    onConnection: () => look(),
    onReport: () => look(),
    onPinned: () => {},
    onCapabilities: () => {},
  });
  try {
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, parts.sessionMs);
      signal.addEventListener('abort', done, { once: true });
      look = () => {
        const { status } = session.connection;
        if (session.lastReport?.complete === true || status === 'refused' || status === 'offline') done();
      };
      session.start();
      if (signal.aborted) done();
    });
    return { connection: session.connection, lastReport: session.lastReport };
  } finally {
    await session.stop();
  }
}

async function look(target: PrinterTarget, signal: AbortSignal, transfer: FileTransfer): Promise<Files> {
  const limited = new AbortController();
  const end = (): void => limited.abort();
  const timer = setTimeout(end, FILES_MS);
  signal.addEventListener('abort', end, { once: true });
  try {
    return await transfer.look(target, limited.signal);
  } catch (error) {
    if (!(error instanceof DriverError)) throw error;
    if (error.kind !== 'aborted' || signal.aborted) return error;
    return new DriverError(
      'timeout',
      `No answer within ${FILES_MS / 1000} s; a file may be on its way to the printer.`,
    );
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', end);
  }
}

/** Either door that took it proves it right, and either that refused it proves it wrong. */
function accessCode({ connection, lastReport }: Seen, files: Files | null): Result {
  if (connection.error?.kind === 'auth') return failedCheck(connection.error);
  if (files instanceof DriverError && files.kind === 'auth') return failedCheck(files);
  const isIn = connection.status === 'online' || connection.status === 'stale' || lastReport !== null;
  if (isIn || (files !== null && !(files instanceof DriverError))) {
    return { outcome: 'ok', detail: 'accepted', advice: null };
  }
  if (connection.error === null) return { outcome: 'ok', detail: 'not refused', advice: null };
  return skipped('the connection did not get that far');
}

function reports({ connection, lastReport }: Seen, sessionMs: number): Result {
  if (connection.status === 'online' && lastReport !== null) {
    const firmware = lastReport.state.firmware ?? 'of unknown version';
    return { outcome: 'ok', detail: `they arrive; firmware ${firmware}`, advice: null };
  }
  if (connection.error?.kind === 'auth') return skipped('the access code must be right first');
  if (connection.error !== null) return failedCheck(connection.error);
  return failedCheck(
    new DriverError('timeout', `The connection stands, but no report came within ${sessionMs / 1000} s.`),
  );
}

function fileAccess(files: Files): Result {
  if (files instanceof DriverError) return failedCheck(files);
  return { outcome: 'ok', detail: `logged in, ${files.files} entries in the root folder`, advice: null };
}
