import { type DriverLog, isPrinting, type PrinterReport, type PrinterState } from '../driver.js';
import { type JsonObject, readObject } from './coerce.js';
import { MalformedCount } from './malformed.js';
import type { PrinterView } from './printer-view.js';
import { judgeAcknowledgement } from './refusal.js';
import { ReportDecoder } from './report-decoder.js';

/** `known`: nothing new from the printer, but what is known beside its reports makes them say more. */
export type ReportOrigin = 'full' | 'delta' | 'known';

export interface IntakeEvents {
  /** @returns whether the acknowledgement answered a command of ours */
  onAnswer(type: string, body: JsonObject): boolean;
  onReport(report: PrinterReport, origin: ReportOrigin): void;
  onVersion(): void;
  /** A print is under way whose number of layers only a full report would tell. */
  onTotalLayersMissing(): void;
  onTooManyMalformed(): void;
}

/** Keys under which acknowledgements stand; state stands under `print` too. */
const ANSWER_KEYS = ['print', 'info', 'system', 'pushing'];

/** Takes what arrives on the report topic apart: acknowledgements, firmware lists and reports. */
export class ReportIntake {
  readonly #view: PrinterView;
  readonly #events: IntakeEvents;
  readonly #log: DriverLog;
  readonly #now: () => number;
  readonly #decoder = new ReportDecoder();
  readonly #malformed = new MalformedCount();
  #lastReport: PrinterReport | null = null;
  #activityAt: number | null = null;
  #complete = false;
  #loggedActivity: string | null = null;
  #layersAskedFor: string | null = null;

  /** @param now epoch milliseconds */
  constructor(view: PrinterView, events: IntakeEvents, log: DriverLog, now: () => number) {
    this.#view = view;
    this.#events = events;
    this.#log = log;
    this.#now = now;
  }

  get lastReport(): PrinterReport | null {
    return this.#lastReport;
  }

  /** Messages nothing could be made of, since the beginning. */
  get malformed(): number {
    return this.#malformed.total;
  }

  /** What was reported before a new connection proves nothing about the present. */
  beginConnection(): void {
    this.#complete = false;
    this.#malformed.reset();
    this.#view.beginConnection();
  }

  /** Never throws: one printer's nonsense must not reach another's session. */
  receive(payload: Buffer): void {
    try {
      const message = this.#decoder.decode(payload);
      if (message === null) this.#noteMalformed();
      else this.#read(message);
    } catch (error) {
      this.#log.warn({ err: error }, 'a message of the printer could not be read');
      this.#noteMalformed();
    }
  }

  #read(message: JsonObject): void {
    for (const key of ANSWER_KEYS) {
      const body = readObject(message[key]);
      if (body === null || body.command === undefined || body.command === 'push_status') continue;
      this.#learnFrom(key, body);
    }
    const applied = this.#view.apply(message, performance.now());
    if (applied === 'none') return;
    if (applied === 'full') this.#complete = true;
    this.#noteUnknownActivity();
    const state = this.#view.state();
    const now = this.#now();
    if (this.#view.saidActivity) this.#activityAt = now;
    this.#publish(state, now, applied);
    this.#noteMissingLayers(state);
  }

  #publish(state: PrinterState, receivedAt: number, origin: ReportOrigin): void {
    const sequence = (this.#lastReport?.sequence ?? 0) + 1;
    const activityAt = this.#activityAt;
    const report: PrinterReport = { receivedAt, activityAt, sequence, complete: this.#complete, state };
    this.#lastReport = report;
    this.#events.onReport(report, origin);
  }

  /** An idle printer may not report for a minute, but its firmware or mode is known now. */
  #publishAgain(): void {
    const last = this.#lastReport;
    if (last !== null && this.#complete) this.#publish(this.#view.state(), last.receivedAt, 'known');
  }

  #learnFrom(type: string, body: JsonObject): void {
    const isOurs = this.#events.onAnswer(type, body);
    if (type === 'info') {
      if (!this.#view.noteVersion(body)) return;
      this.#events.onVersion();
      this.#publishAgain();
      return;
    }
    const mode = modeShownBy(type, body, isOurs);
    if (mode !== null && this.#view.learnMode(mode)) this.#publishAgain();
  }

  #noteUnknownActivity(): void {
    const word = this.#view.unknownActivity;
    if (word === null || word === this.#loggedActivity) return;
    this.#loggedActivity = word;
    this.#log.debug({ gcodeState: word }, 'the printer reports an activity that is not known');
  }

  #noteMissingLayers({ activity, print }: PrinterState): void {
    if (!isPrinting(activity) || print.totalLayers !== null || (print.layer ?? 0) < 1) return;
    const which = `${print.identity.subtaskId} ${print.identity.name}`;
    if (which === this.#layersAskedFor) return;
    this.#layersAskedFor = which;
    this.#events.onTotalLayersMissing();
  }

  #noteMalformed(): void {
    if (!this.#malformed.note(performance.now())) return;
    this.#malformed.reset();
    this.#events.onTooManyMalformed();
  }
}

/** A refusal tells about the printer whoever asked; an acceptance of others could be that of a signed command. */
function modeShownBy(type: string, body: JsonObject, isOurs: boolean): 'on' | 'off' | null {
  const outcome = judgeAcknowledgement(body);
  if (outcome.kind === 'refused') return outcome.error.kind === 'developer-mode' ? 'off' : null;
  return isOurs && type === 'print' && outcome.kind === 'accepted' ? 'on' : null;
}
