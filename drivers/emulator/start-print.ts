/** Takes start commands: one at a time, never while printing, and every verdict into the ground truth. */

import { FAULTS } from './faults.js';
import type { TruthRecorder } from './ground-truth.js';
import { type JsonObject, number, text } from './json.js';
import type { Machine } from './machine.js';
import type { PrintOrder } from './print-order.js';
import { PRINT_ERROR } from './profiles.js';
import { judgeStart, oddFlags, pathOfUrl, type StartJudgement } from './project-file.js';
import type { Storage } from './storage.js';

export class StartPrint {
  #judging = false;
  /** Counts power cycles: a verdict reached after one is void. */
  #life = 0;
  #lastId: string | null = null;
  /** The last order taken, which a ghost print repeats. */
  lastOrder: PrintOrder | null = null;

  constructor(
    private readonly machine: Machine,
    private readonly storage: Storage,
    private readonly record: TruthRecorder,
    private readonly dropMqtt: () => void,
  ) {}

  forget(): void {
    this.#life++;
    this.#judging = false;
    this.#lastId = null;
  }

  /** Resolves with the fields the acknowledgement adds; null when it must not be sent. */
  async take(request: JsonObject): Promise<JsonObject | null> {
    const { engine, faults, profile } = this.machine;
    if (engine.busy || this.#judging) {
      this.#write(request, 'busy', 'a print is on the machine or about to begin');
      engine.error.flash(PRINT_ERROR.busy);
      if (profile.busyStartAborts) engine.abort(PRINT_ERROR.busy);
      return this.#answer({ result: 'success', reason: '' });
    }
    const life = this.#life;
    this.#judging = true;
    let judgement: StartJudgement;
    try {
      judgement = await judgeStart(request, this.machine, this.storage, this.#lastId);
    } finally {
      if (life === this.#life) this.#judging = false;
    }
    if (life !== this.#life) return null;
    const never = judgement.reaction.kind === 'order' && faults.has(FAULTS.jobNeverStart);
    this.#write(request, judgement.verdict, judgement.reason, never);
    return this.#answer(this.#react(judgement));
  }

  #react({ reaction }: StartJudgement): JsonObject {
    const { engine } = this.machine;
    switch (reaction.kind) {
      case 'order':
        this.#lastId = reaction.order.subtaskId;
        this.lastOrder = reaction.order;
        engine.start(reaction.order);
        break;
      case 'error':
        engine.error.flash(reaction.code);
        break;
      case 'refuse':
        return { result: 'fail', reason: reaction.reason };
      case 'ignore':
        break;
    }
    return { result: 'success', reason: '' };
  }

  #answer(result: JsonObject): JsonObject | null {
    if (this.machine.faults.take(FAULTS.netDropAfterStart) === null) return result;
    this.dropMqtt();
    return null;
  }

  #write(request: JsonObject, verdict: string, reason: string, neverStarts = false): void {
    const path = pathOfUrl(text(request.url), this.machine.profile);
    const odd = oddFlags(request);
    this.record('project_file', 'received', {
      taskId: text(request.task_id),
      subtaskName: text(request.subtask_name),
      remoteName: path === null ? text(request.url) : path.slice(1),
      plate: number(/plate_(\d+)\.gcode$/.exec(text(request.param))?.[1]) ?? 0,
      mapping: request.ams_mapping ?? [],
      mapping2: request.ams_mapping2 ?? [],
      useAms: request.use_ams ?? null,
      verdict,
      ...(reason === '' ? {} : { reason }),
      ...(odd.length === 0 ? {} : { oddFlags: odd }),
      ...(neverStarts ? { neverStarts } : {}),
    });
  }
}
