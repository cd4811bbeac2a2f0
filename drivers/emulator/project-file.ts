/** Judges a start command the way a printer does before it moves anything (docs/protocol.md §6.2). */
import { posix } from 'node:path';
import { judgeMapping } from './ams-mapping.js';
import { type JsonObject, text } from './json.js';
import type { Machine } from './machine.js';
import { type Finding, PRINTABLE, type PrintOrder } from './print-order.js';
import { PRINT_ERROR, type Profile, type UrlForm } from './profiles.js';
import { type PlateContent, readPlate, UnreadableFile } from './sliced-file.js';
import type { Storage } from './storage.js';

export interface StartJudgement {
  /** `accepted`, or what is wrong in one word. */
  readonly verdict: string;
  readonly reason: string;
  readonly reaction: /** PREPARE follows. */
    | { readonly kind: 'order'; readonly order: PrintOrder }
    /** Acknowledged, nothing happens. */
    | { readonly kind: 'ignore' }
    /** Acknowledged, a print_error shows. */
    | { readonly kind: 'error'; readonly code: number }
    /** Refused in the acknowledgement. */
    | { readonly kind: 'refuse'; readonly reason: string };
}

const MAX_ID = 2_147_483_647;
/** Opening temperature by filament type, °C. */
const NOZZLE_C: Readonly<Record<string, number>> = { PLA: 220, PETG: 250, ABS: 260, ASA: 260, TPU: 230 };

/** Path on the card a URL names, null when this model cannot follow the form. */
export function pathOfUrl(url: string, profile: Profile): string | null {
  const forms: readonly [UrlForm, RegExp][] = [
    ['file-mnt-sdcard', /^file:\/\/\/mnt\/sdcard\/(.+)$/],
    ['file-sdcard', /^file:\/\/\/sdcard\/(.+)$/],
    ['ftp-slash-root', /^ftp:\/\/\/([^/]+)$/],
    ['ftp-slash-path', /^ftp:\/\/\/(.+)$/],
    ['ftp-root', /^ftp:\/\/([^/]+)$/],
  ];
  for (const [form, pattern] of forms) {
    const path = pattern.exec(url)?.[1];
    if (path !== undefined && profile.urlForms.includes(form)) return posix.resolve('/', path);
  }
  return null;
}

/** The verdict on a command that came while nothing is busy. */
export async function judgeStart(
  request: JsonObject,
  machine: Machine,
  storage: Storage,
  lastId: string | null,
): Promise<StartJudgement> {
  const { profile } = machine;
  if (typeof request.use_ams !== 'boolean') {
    return refuse('bad-use-ams', 'use_ams must be a JSON boolean');
  }
  const id = jobId(request, profile);
  if (id === null) {
    return ignore('bad-id', 'task_id and subtask_id must be decimal strings from 1 to 2147483647');
  }
  if (id === lastId) return ignore('repeated-id', `subtask_id ${id} is the id of the last job`);
  const url = text(request.url);
  if (!/^[\x21-\x7e]+$/.test(url) || /[%#?"<>\\^`{|}]/.test(url)) {
    return ignore('bad-name', `url has characters that the firmware does not follow: ${JSON.stringify(url)}`);
  }
  const path = pathOfUrl(url, profile);
  if (path === null) return error('bad-url', profile.pathError, `${profile.shortName} cannot follow ${url}`);
  if (!machine.hasCard || storage.size(path) === null) {
    return error('missing-file', profile.pathError, `${path} is not on the card`);
  }
  const plate = Number(/^Metadata\/plate_(\d+)\.gcode$/.exec(text(request.param))?.[1] ?? Number.NaN);
  const order = (content: PlateContent | null, finding: Finding): StartJudgement['reaction'] => ({
    kind: 'order',
    order: toOrder(request, id, path, plate, content, machine, finding),
  });
  if (Number.isNaN(plate)) {
    return {
      verdict: 'bad-plate',
      reason: `param names no plate: ${text(request.param)}`,
      reaction: order(null, fails(PRINT_ERROR.unparsable)),
    };
  }
  let content: PlateContent;
  try {
    content = await readPlate(storage.hostPath(path), plate);
  } catch (failure) {
    if (!(failure instanceof UnreadableFile)) throw failure;
    const { verdict, message } = failure;
    return { verdict, reason: message, reaction: order(null, fails(PRINT_ERROR.unparsable)) };
  }
  const { verdict, reason, finding } = judgeContent(request, content, machine);
  return { verdict, reason, reaction: order(content, finding) };
}

function judgeContent(
  request: JsonObject,
  content: PlateContent,
  machine: Machine,
): { verdict: string; reason: string; finding: Finding } {
  const { profile } = machine;
  if (content.modelId !== null && !profile.runsFilesFor.includes(content.modelId)) {
    const reason = `sliced for ${content.modelId}, this is ${profile.code}`;
    return { verdict: 'wrong-model', reason, finding: fails(PRINT_ERROR.wrongModel) };
  }
  const wrong = content.nozzleDiameters.find((d) => Number(d) !== Number(machine.nozzleDiameter));
  if (wrong !== undefined) {
    const reason = `sliced for nozzle ${wrong}, fitted is ${machine.nozzleDiameter}`;
    return { verdict: 'wrong-nozzle', reason, finding: fails(PRINT_ERROR.wrongNozzle) };
  }
  const mapping = judgeMapping(request, content.filaments, machine.ams);
  if (mapping.kind === 'bad') {
    return { verdict: 'bad-mapping', reason: mapping.reason, finding: { kind: 'holds', code: mapping.code } };
  }
  return { verdict: 'accepted', reason: '', finding: PRINTABLE };
}

function toOrder(
  request: JsonObject,
  id: string,
  path: string,
  plate: number,
  content: PlateContent | null,
  machine: Machine,
  finding: Finding,
): PrintOrder {
  const mapping =
    finding.kind === 'printable' && content !== null
      ? judgeMapping(request, content.filaments, machine.ams)
      : null;
  return {
    taskId: text(request.task_id),
    subtaskId: id,
    projectId: text(request.project_id) || '0',
    profileId: text(request.profile_id) || '0',
    subtaskName: text(request.subtask_name),
    remoteName: path.slice(1),
    plate: Number.isNaN(plate) ? 0 : plate,
    predictionSeconds: content?.predictionSeconds ?? 1,
    layers: content?.layers ?? 1,
    feeds: mapping?.kind === 'ok' ? mapping.feeds : [],
    nozzleTarget: NOZZLE_C[content?.filaments[0]?.type ?? ''] ?? 220,
    bedTarget: 60,
    printType: 'local',
    finding,
  };
}

/** The subtask id as the firmware keeps it, null when it is none. */
function jobId(request: JsonObject, profile: Profile): string | null {
  const wanted = [request.task_id, request.subtask_id];
  if (!wanted.every((id) => typeof id === 'string' && /^[1-9]\d{0,18}$/.test(id))) return null;
  const ids = wanted.map(Number);
  if (ids.every((id) => id <= MAX_ID)) return text(request.subtask_id);
  return profile.clampsIds ? String(Math.min(MAX_ID, Number(request.subtask_id))) : null;
}

/** Fields that the firmware reads as booleans and a client sent as something else, for the ground truth. */
export function oddFlags(request: JsonObject): string[] {
  const flags = ['timelapse', 'bed_leveling', 'flow_cali', 'vibration_cali', 'layer_inspect'];
  return flags.filter((flag) => request[flag] !== undefined && typeof request[flag] !== 'boolean');
}

function fails(code: number): Finding {
  return { kind: 'fails', code };
}

function ignore(verdict: string, reason: string): StartJudgement {
  return { verdict, reason, reaction: { kind: 'ignore' } };
}

function error(verdict: string, code: number, reason: string): StartJudgement {
  return { verdict, reason, reaction: { kind: 'error', code } };
}

function refuse(verdict: string, reason: string): StartJudgement {
  return { verdict, reason, reaction: { kind: 'refuse', reason } };
}
