import {
  type CameraFrame,
  type Capabilities,
  type CommandEffect,
  type CommandOutcome,
  type Connection,
  type ConnectionStatus,
  DriverError,
  type DriverLog,
  isPrinting,
  type PrinterCommand,
  type PrinterReport,
  type PrinterSession,
  type PrinterTarget,
  type SessionEvents,
  type StartPrintRequest,
  type UploadRequest,
  type UploadResult,
} from '../driver.js';
import { type CameraParts, PrinterCamera } from './camera.js';
import { CommandChannel, type CommandLine, nothingSent } from './command-channel.js';
import * as commands from './commands.js';
import { Control } from './control.js';
import type { FileTransfer } from './file-transfer.js';
import { FullReportPolicy } from './full-report.js';
import { type LinkParts, PrinterLink } from './link.js';
import { PrinterView } from './printer-view.js';
import { ReportIntake, type ReportOrigin } from './report-intake.js';
import { commandsVanish, fellSilent, neverReported, unreadable, warnOfNoTrust } from './session-errors.js';
import { SessionTransfers } from './session-transfers.js';
import { SilenceWatch } from './silence.js';
import { whyNotStart } from './start-guard.js';
import { Traffic } from './traffic.js';
import { UrlForm } from './url-form.js';

export interface SessionParts extends LinkParts {
  readonly transfer: FileTransfer;
  readonly camera: CameraParts;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/**
 * One printer: its connection, its state and the way to command it. Nothing that the printer sends and no listener
 * that fails does harm beyond this session.
 */
export class BambuSession implements PrinterSession {
  readonly serial: string;
  readonly #events: SessionEvents;
  readonly #log: DriverLog;
  readonly #parts: SessionParts;
  readonly #view: PrinterView;
  readonly #link: PrinterLink;
  readonly #channel: CommandChannel;
  readonly #intake: ReportIntake;
  readonly #control: Control;
  readonly #transfers: SessionTransfers;
  readonly #camera: PrinterCamera;
  readonly #silence: SilenceWatch;
  readonly #fullReports: FullReportPolicy;
  readonly #urlForm = new UrlForm(() => this.#view.model?.start.urlPrefixes ?? []);
  #connection: Connection;
  #toldCapabilities: Capabilities | null = null;
  #versionKnown = false;
  #starting = false;
  #startSentAt: number | null = null;

  constructor(target: PrinterTarget, events: SessionEvents, log: DriverLog, parts: SessionParts) {
    this.serial = target.serial;
    this.#events = events;
    this.#log = log;
    this.#parts = parts;
    this.#connection = { status: 'stopped', since: parts.now(), error: null };
    this.#view = new PrinterView(target, parts.timing);
    this.#channel = new CommandChannel(() => this.#commandsVanish());
    const traffic = new Traffic(target.serial, events.onTraffic?.bind(events), log);
    this.#link = new PrinterLink(
      target,
      parts,
      {
        onStatus: (status, error) => this.#setConnection(status, error),
        onOpen: (line) => this.#begin(traffic.through(line)),
        onMessage: (payload) => {
          traffic.received(payload);
          this.#intake.receive(payload);
        },
        onClosed: () => this.#end(),
        onPinned: (fingerprint) => this.#tell(() => events.onPinned(fingerprint)),
      },
      log,
    );
    this.#fullReports = new FullReportPolicy(parts.timing, () => this.#askForEverything());
    this.#intake = new ReportIntake(
      this.#view,
      {
        onAnswer: (type, body) => this.#channel.offer(type, body),
        onReport: (report, origin) => this.#passOn(report, origin),
        onVersion: () => {
          this.#versionKnown = true;
          this.#noteModel();
        },
        onTotalLayersMissing: () => this.#fullReports.wanted(),
        onTooManyMalformed: () => this.#link.giveUp(unreadable()),
      },
      log,
      parts.now,
    );
    this.#control = new Control({
      channel: this.#channel,
      timing: parts.timing,
      view: this.#view,
      status: () => this.#connection.status,
      report: () => this.lastReport,
      wantEverything: () => this.#fullReports.wanted(),
    });
    this.#transfers = new SessionTransfers({
      transfer: parts.transfer,
      target: () => this.#link.target,
      printing: () => isPrinting(this.lastReport?.state.activity ?? null),
      overloadedPauseMs: parts.timing.overloadedPauseMs,
    });
    this.#camera = new PrinterCamera(parts.camera, this.#view, () => this.#link.target, parts.now);
    this.#silence = new SilenceWatch(parts.timing, {
      wake: () => this.#channel.tell(commands.startPushing),
      becameStale: () => this.#setConnection('stale', null),
      giveUp: (heard) => this.#link.giveUp(heard ? fellSilent() : neverReported()),
    });
  }

  get connection(): Connection {
    return this.#connection;
  }

  get lastReport(): PrinterReport | null {
    return this.#intake.lastReport;
  }

  get capabilities(): Capabilities | null {
    return this.#view.capabilities;
  }

  start(): void {
    if (this.#link.running) return;
    warnOfNoTrust(this.#link.target, this.#log);
    this.#transfers.open();
    this.#camera.open();
    this.#noteModel();
    this.#link.start();
  }

  async stop(): Promise<void> {
    this.#transfers.close();
    await Promise.all([this.#camera.close(), this.#link.stop()]);
    if (this.#link.running) return;
    this.#setConnection('stopped', null);
  }

  retarget(target: PrinterTarget): void {
    if (target.serial !== this.serial) {
      throw new Error(`The session of ${this.serial} cannot turn to ${target.serial}: make another session.`);
    }
    if (this.#link.target.trust !== target.trust) warnOfNoTrust(target, this.#log);
    this.#view.announcedCode = target.modelCode;
    this.#noteModel();
    this.#link.retarget(target);
    // What was shown or refused came of the old address and code.
    void this.#camera.drop();
  }

  hint(): void {
    this.#link.hint();
  }

  command(command: PrinterCommand, onEffect?: (effect: CommandEffect) => void): Promise<CommandOutcome> {
    return command.kind === 'refresh' ? this.#refresh() : this.#control.perform(command, onEffect);
  }

  async startPrint(request: StartPrintRequest): Promise<CommandOutcome> {
    const obstacle = this.#starting
      ? new DriverError('busy', 'Another start command is on its way to this printer.')
      : whyNotStart(this.#connection.status, this.lastReport);
    if (obstacle !== null) return { kind: 'unsent', error: obstacle };
    this.#starting = true;
    try {
      const command = commands.startPrint(request, this.#view.model, this.#urlForm.prefix);
      this.#startSentAt = performance.now();
      this.#urlForm.noteStart();
      const outcome = await this.#channel.ask(command, this.#parts.timing.startAcknowledgementMs);
      if (outcome.kind === 'refused') this.#urlForm.noteError(outcome.error.code);
      return outcome;
    } catch (error) {
      // Only composing the command throws, so nothing was sent.
      if (error instanceof DriverError) return { kind: 'unsent', error };
      throw error;
    } finally {
      this.#starting = false;
    }
  }

  upload(request: UploadRequest): Promise<UploadResult> {
    return this.#transfers.upload(request);
  }

  remoteSize(remoteName: string, signal: AbortSignal): Promise<number | null> {
    return this.#transfers.remoteSize(remoteName, signal);
  }

  remove(remoteName: string, signal: AbortSignal): Promise<void> {
    return this.#transfers.remove(remoteName, signal);
  }

  get cameraStreamUrl(): string | null {
    return this.#camera.streamUrl;
  }

  snapshot(signal: AbortSignal): Promise<CameraFrame> {
    return this.#camera.snapshot(signal);
  }

  /** Printers do not acknowledge a request for everything: the full report is the answer. */
  async #refresh(): Promise<CommandOutcome> {
    const seconds = Math.ceil(this.#fullReports.waitMs / 1000);
    if (this.#channel.attached && seconds > 0) {
      const text = `The printer was asked for everything just now; it may be asked again in ${seconds} s.`;
      return { kind: 'unsent', error: new DriverError('busy', text) };
    }
    this.#view.forgetLearnedMode();
    switch (await this.#fullReports.request(this.#parts.timing.acknowledgementMs)) {
      case 'received':
        return { kind: 'accepted' };
      case 'silent':
        return { kind: 'unanswered' };
      case 'unsent':
        return { kind: 'unsent', error: nothingSent() };
    }
  }

  #begin(line: CommandLine): void {
    this.#setConnection('connecting', null);
    this.#versionKnown = false;
    this.#intake.beginConnection();
    this.#channel.attach(line);
    this.#fullReports.start();
    this.#silence.start();
  }

  #end(): void {
    this.#silence.stop();
    this.#fullReports.stop();
    this.#channel.detach();
    this.#control.abandon();
  }

  #askForEverything(): boolean {
    if (!this.#versionKnown) this.#channel.tell(commands.getVersion);
    const sent = this.#channel.tell(commands.pushAll);
    if (sent) this.#view.noteFullReportRequested();
    return sent;
  }

  #passOn(report: PrinterReport, origin: ReportOrigin): void {
    if (origin !== 'known') {
      this.#silence.heard();
      this.#setConnection('online', null);
    }
    if (origin === 'full') this.#fullReports.received();
    if (isPrinting(report.state.activity)) this.#urlForm.noteSuccess();
    else this.#urlForm.noteError(report.state.print.errorCode);
    this.#control.observe(report.state);
    this.#tell(() => this.#events.onReport(report));
  }

  #noteModel(): void {
    const floorMs = this.#parts.timing.refreshFloorMs ?? this.#view.model?.refreshFloorMs;
    if (floorMs !== undefined) this.#fullReports.floorMs = floorMs;
    const capabilities = this.#view.capabilities;
    if (capabilities === null || capabilities === this.#toldCapabilities) return;
    this.#toldCapabilities = capabilities;
    this.#tell(() => this.#events.onCapabilities(capabilities));
  }

  /** A new connection while the printer takes a print in could make it lose the file. */
  #commandsVanish(): void {
    const since = this.#startSentAt === null ? null : performance.now() - this.#startSentAt;
    if (since !== null && since < this.#parts.timing.startConfirmationMs) return;
    this.#link.giveUp(commandsVanish());
  }

  #setConnection(status: ConnectionStatus, error: DriverError | null): void {
    const before = this.#connection;
    if (before.status === status && before.error?.message === error?.message) return;
    const since = before.status === status ? before.since : this.#parts.now();
    const connection: Connection = { status, since, error };
    this.#connection = connection;
    this.#tell(() => this.#events.onConnection(connection));
  }

  #tell(event: () => void): void {
    try {
      event();
    } catch (error) {
      this.#log.error({ serial: this.serial, err: error }, 'a listener of the session failed');
    }
  }
}
