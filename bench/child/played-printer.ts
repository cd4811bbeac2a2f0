/** One printer of the report player: the emulator's TLS and MQTT, and reports from a template in place of a machine. */
import type { LeafIssuer } from '../../drivers/emulator/certificates.js';
import { Identity } from '../../drivers/emulator/identity.js';
import { MqttServer } from '../../drivers/emulator/mqtt-server.js';
import { TlsListener } from '../../drivers/emulator/tls-listener.js';
import type { Templates } from './report-template.js';

const LAYERS = 400;
const STEPS = 100_000;

/** The figures of a report that a reader can be held to. */
export interface Shown {
  readonly serial: string;
  readonly bedTemp: number;
  readonly nozzleTemp: number;
  readonly percent: number;
  readonly layer: number;
}

export class PlayedPrinter {
  readonly serial: string;
  readonly accessCode: string;
  readonly #mqtt: MqttServer;
  readonly #listener: TlsListener;
  #mqttPort = 0;
  #sent = 0;
  #shown: Shown | null = null;

  constructor(
    readonly host: string,
    private readonly index: number,
    private readonly templates: Templates,
    issuer: LeafIssuer,
  ) {
    this.serial = `${templates.serialPrefix}00B${String(index).padStart(9, '0')}`;
    this.accessCode = String(10_000_000 + index);
    const identity = new Identity(this.serial, issuer);
    const record = (): void => undefined;
    this.#mqtt = new MqttServer({
      serial: this.serial,
      maxClients: 4,
      accessCode: () => this.accessCode,
      refusesAuth: () => false,
      acknowledges: () => true,
      onRequest: (payload) => this.#onRequest(payload.toString()),
      record,
    });
    this.#listener = new TlsListener({
      service: 'mqtt',
      context: () => identity.context(),
      refuses: () => false,
      onSecure: (socket) => this.#mqtt.accept(socket),
      record,
    });
  }

  get mqttPort(): number {
    return this.#mqttPort;
  }

  /** Reports that have gone to a subscriber. */
  get sent(): number {
    return this.#sent;
  }

  get shown(): Shown | null {
    return this.#shown;
  }

  get hasSubscriber(): boolean {
    return this.#mqtt.hasSubscribers;
  }

  async start(): Promise<void> {
    this.#mqttPort = await this.#listener.open(this.host, 0);
  }

  /** Publishes a report that differs from every other one. */
  report(): void {
    if (!this.#mqtt.hasSubscribers) return;
    this.#sent++;
    const step = (this.#sent * 7 + this.index) % STEPS;
    const shown: Shown = {
      serial: this.serial,
      bedTemp: 55 + (step % 320) / 32,
      nozzleTemp: 210 + (step % 640) / 32,
      percent: Math.min(99, Math.floor(step / 1_000)),
      layer: 1 + (step % LAYERS),
    };
    this.#shown = shown;
    this.#publish({
      print: {
        ...this.templates.report,
        gcode_state: 'RUNNING',
        gcode_file: 'bench.gcode.3mf',
        subtask_name: `bench-${this.index}`,
        subtask_id: '4711',
        task_id: '4711',
        stg_cur: 0,
        state: 4,
        bed_temper: shown.bedTemp,
        bed_target_temper: 60,
        nozzle_temper: shown.nozzleTemp,
        nozzle_target_temper: 220,
        mc_percent: shown.percent,
        percent: shown.percent,
        layer_num: shown.layer,
        total_layer_num: LAYERS,
        mc_remaining_time: 1 + (step % 300),
        remain_time: 1 + (step % 300),
        cooling_fan_speed: String(step % 16),
        wifi_signal: `-${40 + (step % 30)}dBm`,
        sequence_id: String(this.#sent),
      },
    });
  }

  #onRequest(payload: string): void {
    if (payload.includes('"pushall"')) this.report();
    else if (payload.includes('"get_version"')) this.#publish({ info: this.templates.version });
  }

  #publish(message: unknown): void {
    this.#mqtt.publish(JSON.stringify(message));
  }
}
