/** One emulated printer: its parts, wired together, and what people and faults do to it. */
import { join } from 'node:path';
import type { EmulatedPrinter, EmulatedPrinterSpec, EmulatedSpool } from './api.js';
import { cameraOf } from './camera.js';
import type { LeafIssuer } from './certificates.js';
import { Commands, namesCommand } from './commands.js';
import { actAtOnce, type FaultTarget } from './fault-effects.js';
import { FAULTS, FaultSet } from './faults.js';
import { FtpServer } from './ftp-server.js';
import type { TruthRecorder } from './ground-truth.js';
import { Identity } from './identity.js';
import { Machine } from './machine.js';
import { MqttServer } from './mqtt-server.js';
import { Outbox } from './outbox.js';
import { PowerSwitch, portsOf } from './power-switch.js';
import { profileOf } from './profiles.js';
import { Random } from './random.js';
import { Reporter } from './reporter.js';
import { StartPrint } from './start-print.js';
import { Storage } from './storage.js';
import { TlsListener } from './tls-listener.js';
import { ghostPrint, screenPrint } from './unsent-prints.js';
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
  readonly #listeners: Readonly<Record<'mqtt' | 'ftp' | 'camera', TlsListener>>;
  readonly #reporter: Reporter;
  readonly #starter: StartPrint;
  readonly #power: PowerSwitch;
  #accessCode: string;
  #flap: ClockTimer | null = null;

  constructor(parts: PrinterParts) {
    const { spec, clock } = parts;
    const { faults } = this;
    const profile = profileOf(spec.model);
    const random = Random.of(parts.seed, `printer ${parts.index}`);
    this.#random = random;
    this.serial = spec.serial ?? `${profile.serialPrefix}00A5B${random.digits(7)}`;
    this.#accessCode = spec.accessCode ?? random.digits(8);
    this.#clock = clock;
    const record = parts.recorder(this.serial);
    this.#record = record;
    this.identity = new Identity(this.serial, parts.issuer);
    const onChange = (): void => this.#reporter.changed();
    const machine = new Machine({
      spec,
      profile,
      serial: this.serial,
      clock,
      random,
      faults,
      record,
      onChange,
    });
    this.machine = machine;
    const storage = new Storage(
      join(parts.storageRoot, this.serial),
      spec.storageBytes ?? DEFAULT_STORAGE_BYTES,
      profile.ftp.folders,
    );
    this.#storage = storage;
    const accessCode = (): string => this.#accessCode;
    const host = (): string => machine.host;
    this.#mqtt = new MqttServer({
      serial: this.serial,
      maxClients: profile.maxClients,
      accessCode,
      crowded: () => faults.take(FAULTS.mqttFull),
      refusesAuth: () => faults.take(FAULTS.mqttRefuseAuth) !== null,
      acknowledges: (payload) => !this.#withholdsPuback(payload),
      onRequest: (payload) => commands.receive(payload),
      record,
    });
    this.#ftp = new FtpServer({ profile, storage, faults, clock, record, accessCode, host });
    const outbox = new Outbox(this.#mqtt, faults, () => clock.now());
    const reporter = new Reporter(machine, outbox, parts.reportIntervalMs);
    this.#reporter = reporter;
    this.#starter = new StartPrint(machine, storage, record, () => this.#mqtt.dropAll());
    const startPrint = this.#starter.take.bind(this.#starter);
    const commands = new Commands({ machine, reporter, outbox, random, record, startPrint });
    const camera = cameraOf(profile, { serial: this.serial, accessCode, faults, record });
    const port = {
      context: () => this.identity.context(),
      refuses: () => faults.take(FAULTS.netRefuse) !== null,
      record,
    };
    this.#listeners = {
      mqtt: new TlsListener({ ...port, service: 'mqtt', onSecure: (socket) => this.#mqtt.accept(socket) }),
      ftp: new TlsListener({
        ...port,
        service: 'ftp',
        onSecure: (socket, context) => this.#ftp.accept(socket, context),
      }),
      camera: new TlsListener({ ...port, service: 'camera', onSecure: (socket) => camera.accept(socket) }),
    };
    this.#power = new PowerSwitch({
      ...this.#listeners,
      host,
      ports: portsOf(spec, profile),
      bootSeconds: profile.bootSeconds,
      clock,
      record,
      onListening: () => reporter.start(),
      onClosing: () => {
        reporter.stop();
        this.#ftp.dropAll();
      },
      onPowerLost: () => this.#forget(),
      onBooted: () => this.#afterBoot(),
    });
  }

  get host(): string {
    return this.machine.host;
  }

  get mqttPort(): number {
    return this.#power.ports.mqtt;
  }

  get ftpPort(): number {
    return this.#power.ports.ftp;
  }

  get cameraPort(): number {
    return this.#power.ports.camera;
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
    return this.#power.on;
  }

  /** Makes the card and listens, without the wait of a boot. */
  async start(): Promise<void> {
    this.#storage.create();
    await this.identity.context();
    await this.#power.start();
  }

  async stop(): Promise<void> {
    this.#flap?.cancel();
    await this.#power.stop();
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
    return this.#power.turn(on);
  }

  files(): readonly { name: string; bytes: number }[] {
    return this.#storage.files();
  }

  setSpool(unitId: number, slotIndex: number, spool: EmulatedSpool | null): void {
    const { ams, engine } = this.machine;
    ams.setSpool(unitId, slotIndex, spool);
    if (spool === null) {
      const external = unitId === 254 || unitId === 255;
      engine.onSlotEmpty(external ? ams.externalId(unitId) : unitId, external ? 0 : slotIndex);
    }
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
      throw new Error(`${this.serial} is busy: a print starts on the screen of an idle printer only`);
    }
    this.machine.engine.startNow(screenPrint(name, seconds, this.#random.whole(1, 9999)));
  }

  // What faults do to the printer as a whole.

  dropSockets(): void {
    for (const listener of Object.values(this.#listeners)) listener.dropAll();
  }

  rotateCode(code: string | undefined): void {
    this.#accessCode = code ?? this.#random.digits(8);
  }

  moveTo(host: string): void {
    this.#power.relocate(() => {
      this.machine.host = host;
    });
  }

  cutPower(virtualSeconds: number | undefined): void {
    this.#power.cutFor(virtualSeconds);
  }

  flap(virtualSeconds: number): void {
    this.#flap?.cancel();
    this.#flap = this.#clock.after(virtualSeconds * 1000, () => {
      if (this.faults.take(FAULTS.mqttFlap) === null) return;
      this.#mqtt.dropAll();
      this.flap(virtualSeconds);
    });
  }

  #withholdsPuback(payload: Buffer): boolean {
    const withheld = this.faults.peek(FAULTS.mqttNoAck, (args) => {
      return args.puback === false && (args.command === undefined || namesCommand(payload, args.command));
    });
    return withheld !== null;
  }

  #forget(): void {
    this.machine.engine.powerCut();
    this.machine.loaded = null;
    this.machine.skipped = [];
    // What still holds is raised again when it shows again.
    this.machine.hms = [];
    this.#starter.forget();
  }

  async #afterBoot(): Promise<void> {
    if (this.faults.take(FAULTS.powerGhostPrint) === null) return;
    const order = await ghostPrint(this.#storage, this.#starter.lastOrder, this.#record);
    if (order !== null) this.machine.engine.startNow(order);
  }
}
