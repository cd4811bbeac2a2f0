/** The ports of a printer and the switch that opens and closes them: boot, power cut, move to another address. */
import type { EmulatedPrinterSpec } from './api.js';
import type { TruthRecorder } from './ground-truth.js';
import { CAMERA_PORTS, type Profile } from './profiles.js';
import type { TlsListener } from './tls-listener.js';
import type { VirtualClock } from './virtual-clock.js';

export interface Ports {
  readonly mqtt: number;
  readonly ftp: number;
  readonly camera: number;
}

/** Where a printer is asked to listen: on the ports of real ones unless its specification says otherwise. */
export function portsOf({ mqttPort, ftpPort, cameraPort }: EmulatedPrinterSpec, profile: Profile): Ports {
  const camera = mqttPort === 0 ? 0 : CAMERA_PORTS[profile.camera];
  return { mqtt: mqttPort ?? 8883, ftp: ftpPort ?? 990, camera: cameraPort ?? camera };
}

export interface PowerSwitchParts {
  readonly mqtt: TlsListener;
  readonly ftp: TlsListener;
  readonly camera: TlsListener;
  readonly host: () => string;
  /** 0 picks a free port, which the printer then keeps. */
  readonly ports: Ports;
  readonly bootSeconds: number;
  readonly clock: VirtualClock;
  readonly record: TruthRecorder;
  readonly onListening: () => void;
  /** The ports are about to close. */
  readonly onClosing: () => void;
  /** The power is gone: what was in memory is lost. */
  readonly onPowerLost: () => void;
  readonly onBooted: () => Promise<void>;
}

export class PowerSwitch {
  readonly #parts: PowerSwitchParts;
  #ports: Ports;
  #on = false;
  /** Ends the wait of a boot when the power goes again. */
  #boot = new AbortController();
  /** Changes follow each other. */
  #changing: Promise<void> = Promise.resolve();

  constructor(parts: PowerSwitchParts) {
    this.#parts = parts;
    this.#ports = parts.ports;
  }

  get on(): boolean {
    return this.#on;
  }

  get ports(): Ports {
    return this.#ports;
  }

  /** Listens without the wait of a boot. */
  start(): Promise<void> {
    return this.#change(() => this.#listen());
  }

  /** Power off for good, without a word in the ground truth. */
  async stop(): Promise<void> {
    this.#boot.abort();
    await this.#change(() => this.#shutDown());
  }

  /** @throws Error when a port cannot be bound again. */
  turn(on: boolean): Promise<void> {
    if (!on) this.#boot.abort();
    return this.#change(() => (on ? this.#bootUp() : this.#cut()));
  }

  /** Cuts now, and turns on again after so many virtual seconds. */
  cutFor(virtualSeconds: number | undefined): void {
    this.#inBackground(this.turn(false));
    if (virtualSeconds === undefined) return;
    this.#parts.clock.after(virtualSeconds * 1000, () => this.#inBackground(this.turn(true)));
  }

  /** Closes the ports, lets the address change, and opens them there. */
  relocate(move: () => void): void {
    this.#inBackground(
      this.#change(async () => {
        const wasOn = this.#on;
        await this.#close();
        move();
        if (wasOn) await this.#listen();
      }),
    );
  }

  async #bootUp(): Promise<void> {
    if (this.#on) return;
    this.#boot = new AbortController();
    const { signal } = this.#boot;
    await this.#parts.clock.sleep(this.#parts.bootSeconds * 1000, signal);
    if (signal.aborted) return;
    await this.#listen();
    this.#parts.record('power', 'on');
    await this.#parts.onBooted();
  }

  async #cut(): Promise<void> {
    if (!this.#on) return;
    this.#parts.record('power', 'off');
    await this.#shutDown();
  }

  async #shutDown(): Promise<void> {
    this.#parts.onPowerLost();
    await this.#close();
  }

  async #listen(): Promise<void> {
    const { mqtt, ftp, camera, host } = this.#parts;
    this.#ports = {
      mqtt: await mqtt.open(host(), this.#ports.mqtt),
      ftp: await ftp.open(host(), this.#ports.ftp),
      camera: await camera.open(host(), this.#ports.camera),
    };
    this.#on = true;
    this.#parts.onListening();
  }

  async #close(): Promise<void> {
    this.#on = false;
    this.#parts.onClosing();
    const { mqtt, ftp, camera } = this.#parts;
    await Promise.all([mqtt.close(), ftp.close(), camera.close()]);
  }

  /** Runs after the changes before it; one that failed does not stand in the way of the next. */
  #change(change: () => Promise<void>): Promise<void> {
    const done = this.#changing.then(change);
    this.#changing = done.catch(() => undefined);
    return done;
  }

  /** A change that nobody waits for: its failure goes into the ground truth. */
  #inBackground(change: Promise<void>): void {
    change.catch((error: unknown) => this.#parts.record('power', 'failed', { error: String(error) }));
  }
}
