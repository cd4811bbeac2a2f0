/** One emulated printer: its machine, its card, its ports and its power switch. */
import { posix } from 'node:path';
import type { EmulatedPrinter, EmulatedPrinterSpec, EmulatedSpool } from './api.js';
import type { LeafIssuer } from './certificates.js';
import { Commands } from './commands.js';
import { actAtOnce, type FaultTarget } from './fault-effects.js';
import { FAULTS, FaultSet } from './faults.js';
import { FtpServer } from './ftp-server.js';
import type { TruthRecorder } from './ground-truth.js';
import { Identity } from './identity.js';
import { Machine } from './machine.js';
import { MqttServer } from './mqtt-server.js';
import { Outbox } from './outbox.js';
import { PRINTABLE } from './print-order.js';
import { profileOf } from './profiles.js';
import { Random } from './random.js';
import { Reporter } from './reporter.js';
import { readPlate, UnreadableFile } from './sliced-file.js';
import { StartPrint } from './start-print.js';
import { Storage } from './storage.js';
import { TlsListener } from './tls-listener.js';
import type { ClockTimer, VirtualClock } from './virtual-clock.js';

export interface PrinterParts {
  readonly spec: EmulatedPrinterSpec;
  /** Position among the emulator's printers, from 0. */
  readonly index: number;
  readonly seed: number;
  readonly clock: VirtualClock;
  readonly issuer: LeafIssuer;
  readonly recorder: (serial: string) => TruthRecorder;
  readonly reportIntervalMs: number;
  /** Private folder of the emulator; the printer's card is a folder inside. */
  readonly storageRoot: string;
}

const DEFAULT_STORAGE_BYTES = 4_000_000_000;

export class Printer implements EmulatedPrinter, FaultTarget {
  readonly serial: string;
  readonly machine: Machine;
  readonly faults = new FaultSet();
  readonly identity: Identity;
  readonly #clock: VirtualClock;
  readonly #record: TruthRecorder;
  readonly #random: Random;
  readonly #storage: Storage;
  readonly #mqtt: MqttServer;
  readonly #ftp: FtpServer;
  readonly #mqttPort: TlsListener;
  readonly #ftpPort: TlsListener;
  readonly #reporter: Reporter;
  readonly #starter: StartPrint;
  #ports: { mqtt: number; ftp: number };
  #accessCode: string;
  #powered = false;
  #flap: ClockTimer | null = null;
  /** Ends waits of a boot when the printer is stopped or switched off. */
  #life = new AbortController();
  /** Power changes follow each other. */
  #switching: Promise<void> = Promise.resolve();

  constructor(parts: PrinterParts) {
    const { spec, clock } = parts;
    const profile = profileOf(spec.model);
    this.#random = Random.of(parts.seed, `printer ${parts.index}`);
    this.serial = spec.serial ?? `${profile.serialPrefix}00A5B${this.#random.digits(7)}`;
    this.#accessCode = spec.accessCode ?? this.#random.digits(8);
    this.#clock = clock;
    this.#record = parts.recorder(this.serial);
    this.identity = new Identity(this.serial, parts.issuer);
    this.#ports = { mqtt: spec.mqttPort ?? 8883, ftp: spec.ftpPort ?? 990 };
    this.machine = new Machine({
      spec,
      profile,
      serial: this.serial,
      clock,
      random: this.#random,
      faults: this.faults,
      record: this.#record,
      onChange: () => this.#reporter.changed(),
    });
    this.#storage = new Storage(
      posix.join(parts.storageRoot, this.serial),
      spec.storageBytes ?? DEFAULT_STORAGE_BYTES,
      profile.ftp.folders,
    );
    this.#mqtt = new MqttServer({
      serial: this.serial,
      maxClients: profile.maxClients,
      accessCode: () => this.#accessCode,
      refusesAuth: () => this.faults.take(FAULTS.mqttRefuseAuth) !== null,
      acknowledges: () => this.faults.peek(FAULTS.mqttNoAck)?.puback !== false,
      onRequest: (payload) => commands.receive(payload),
      record: this.#record,
    });
    this.#ftp = new FtpServer({
      profile,
      storage: this.#storage,
      faults: this.faults,
      clock,
      record: this.#record,
      accessCode: () => this.#accessCode,
      host: () => this.host,
    });
    const outbox = new Outbox(this.#mqtt, this.faults, () => clock.now());
    this.#reporter = new Reporter(this.machine, outbox, parts.reportIntervalMs);
    this.#starter = new StartPrint(this.machine, this.#storage, this.#record, () => this.#mqtt.dropAll());
    const commands = new Commands({
      machine: this.machine,
      reporter: this.#reporter,
      outbox,
      random: this.#random,
      record: this.#record,
      startPrint: (request) => this.#starter.take(request),
    });
    const context = () => this.identity.context();
    const refuses = (): boolean => this.faults.take(FAULTS.netRefuse) !== null;
    const record = this.#record;
    this.#mqttPort = new TlsListener({
      service: 'mqtt',
      context,
      refuses,
      record,
      onSecure: (socket) => this.#mqtt.accept(socket),
    });
    this.#ftpPort = new TlsListener({
      service: 'ftp',
      context,
      refuses,
      record,
      onSecure: (socket, secured) => this.#ftp.accept(socket, secured),
    });
  }

  get host(): string {
    return this.machine.host;
  }

  get mqttPort(): number {
    return this.#ports.mqtt;
  }

  get ftpPort(): number {
    return this.#ports.ftp;
  }

  get accessCode(): string {
    return this.#accessCode;
  }

  get modelCode(): string {
    return this.machine.profile.code;
  }

  get name(): string {
    return this.machine.name;
  }

  get activity(): string {
    return this.machine.engine.activity;
  }

  get firmware(): string {
    return this.machine.firmware;
  }

  get wifiDbm(): number {
    return this.machine.wifiDbm;
  }

  get powered(): boolean {
    return this.#powered;
  }

  /** Makes the card and listens, without the wait of a boot. */
  async start(): Promise<void> {
    this.#storage.create();
    await this.identity.context();
    await this.#listen();
  }

  async stop(): Promise<void> {
    this.#life.abort();
    await this.#switching;
    await this.#shutDown();
    this.#storage.remove();
  }

  addFault(name: string, args: Record<string, unknown> = {}): void {
    this.faults.add(name, args);
    this.#record('fault', name, { args });
    actAtOnce(name, this);
  }

  clearFaults(): void {
    this.faults.clear();
    this.#flap?.cancel();
    this.#flap = null;
    this.identity.restore();
    this.#record('fault', 'cleared');
    this.machine.showChange();
  }

  power(on: boolean): Promise<void> {
    if (!on) this.#life.abort();
    return this.#switch(() => (on ? this.#boot() : this.#cut()));
  }

  files(): readonly { name: string; bytes: number }[] {
    return this.#storage.files();
  }

  setSpool(unitId: number, slotIndex: number, spool: EmulatedSpool | null): void {
    this.machine.ams.setSpool(unitId, slotIndex, spool);
    if (spool === null) this.machine.engine.onSlotEmpty(unitId, slotIndex);
    this.machine.showChange();
  }

  pressCancel(): void {
    this.machine.engine.stop();
  }

  pressPause(): void {
    this.machine.engine.pause();
  }

  pressResume(): void {
    this.machine.engine.resume();
  }

  dismiss(): void {
    this.machine.engine.dismiss();
  }

  startExternalJob(name: string, seconds: number): void {
    if (this.machine.engine.busy) {
      throw new Error(`${this.serial} is busy: an external job starts on an idle printer only`);
    }
    this.machine.engine.startNow({
      taskId: String(this.#random.whole(1, 9999)),
      subtaskId: '',
      projectId: '0',
      profileId: '0',
      subtaskName: name,
      remoteName: `${name}.gcode.3mf`,
      plate: 1,
      predictionSeconds: seconds,
      layers: 20,
      feeds: [],
      nozzleTarget: 220,
      bedTarget: 60,
      printType: 'local',
      finding: PRINTABLE,
    });
  }

  // What faults do to the printer as a whole.

  dropSockets(): void {
    this.#mqttPort.dropAll();
    this.#ftpPort.dropAll();
    this.#ftp.dropAll();
  }

  rotateCode(code: string | undefined): void {
    this.#accessCode = code ?? this.#random.digits(8);
  }

  moveTo(host: string): void {
    this.#inBackground(
      this.#switch(async () => {
        const powered = this.#powered;
        await this.#close();
        this.machine.host = host;
        if (powered) await this.#listen();
      }),
    );
  }

  cutPower(virtualSeconds: number | undefined): void {
    this.#inBackground(this.power(false));
    if (virtualSeconds === undefined) return;
    this.#clock.after(virtualSeconds * 1000, () => this.#inBackground(this.power(true)));
  }

  flap(virtualSeconds: number): void {
    this.#flap?.cancel();
    this.#flap = this.#clock.after(virtualSeconds * 1000, () => {
      if (this.faults.take(FAULTS.mqttFlap) === null) return;
      this.#mqtt.dropAll();
      this.flap(virtualSeconds);
    });
  }

  emptySlot(unitId: number, slot: number): void {
    this.setSpool(unitId, slot, null);
  }

  /** Runs after the changes before it; one that failed does not stand in the way of the next. */
  #switch(change: () => Promise<void>): Promise<void> {
    const done = this.#switching.then(change);
    this.#switching = done.catch(() => undefined);
    return done;
  }

  /** A change that nobody waits for: its failure goes into the ground truth. */
  #inBackground(change: Promise<void>): void {
    change.catch((error: unknown) => this.#record('power', 'failed', { error: String(error) }));
  }

  async #cut(): Promise<void> {
    if (!this.#powered) return;
    this.#record('power', 'off');
    await this.#shutDown();
  }

  async #shutDown(): Promise<void> {
    this.machine.engine.powerCut();
    this.machine.loaded = null;
    this.machine.skipped = [];
    this.#starter.forget();
    await this.#close();
  }

  async #boot(): Promise<void> {
    if (this.#powered) return;
    this.#life = new AbortController();
    const { signal } = this.#life;
    await this.#clock.sleep(this.machine.profile.bootSeconds * 1000, signal);
    if (signal.aborted) return;
    await this.#listen();
    this.#record('power', 'on');
    if (this.faults.take(FAULTS.powerGhostPrint) !== null) await this.#ghostPrint();
  }

  async #listen(): Promise<void> {
    const { mqtt, ftp } = this.#ports;
    this.#ports = {
      mqtt: await this.#mqttPort.open(this.host, mqtt),
      ftp: await this.#ftpPort.open(this.host, ftp),
    };
    this.#powered = true;
    this.#reporter.start();
  }

  async #close(): Promise<void> {
    this.#powered = false;
    this.#reporter.stop();
    this.#ftp.dropAll();
    await Promise.all([this.#mqttPort.close(), this.#ftpPort.close()]);
  }

  /** Some firmware prints what it finds in the root after power comes back (docs/protocol.md §7.4). */
  async #ghostPrint(): Promise<void> {
    const leftover = this.#storage.files().find(({ name }) => /^[^/]+\.3mf$/.test(name));
    if (leftover === undefined) return;
    try {
      const plate = this.#starter.lastOrder?.plate ?? 1;
      const content = await readPlate(this.#storage.hostPath(leftover.name), plate);
      const last = this.#starter.lastOrder;
      this.machine.engine.startNow({
        taskId: '0',
        subtaskId: '0',
        projectId: '0',
        profileId: '0',
        subtaskName:
          last?.remoteName === leftover.name ? last.subtaskName : posix.basename(leftover.name, '.3mf'),
        remoteName: leftover.name,
        plate,
        predictionSeconds: content.predictionSeconds,
        layers: content.layers,
        feeds: [],
        nozzleTarget: 220,
        bedTarget: 60,
        printType: 'local',
        finding: PRINTABLE,
      });
    } catch (error) {
      if (!(error instanceof UnreadableFile)) throw error;
      this.#record('power', 'ghost-unreadable', { reason: error.message });
    }
  }
}
