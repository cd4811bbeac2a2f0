import { isPrinting, type PrinterActivity, type PrintIdentity, type PrintProgress } from '../driver.js';
import {
  type JsonObject,
  readInteger,
  readIntegerWithin,
  readNumber,
  readText,
  readUint32,
} from './coerce.js';
import { errorCodeText, readPrintError } from './health.js';
import { type PrintPeaks, readLayer, readTotalLayers } from './report-tree.js';
import { currentStage, stageText } from './stages.js';

/** The ids and names by which the print on the machine is known (docs/protocol.md §7). */
export function readPrintIdentity(print: JsonObject): PrintIdentity {
  return {
    taskId: readText(print.task_id),
    subtaskId: readText(print.subtask_id),
    jobId: readText(print.job_id),
    name: readText(print.subtask_name),
    file: readText(print.gcode_file) || readText(print.file),
  };
}

/** The print on the machine and how far it is (docs/protocol.md §5.2). */
export function readPrintProgress(
  print: JsonObject,
  identity: PrintIdentity,
  activity: PrinterActivity | null,
  peaks: Readonly<PrintPeaks>,
): PrintProgress {
  const printing = isPrinting(activity);
  const ended = activity === 'FAILED' || activity === 'FINISH';
  const stage = currentStage(readIntegerWithin(print.stg_cur, -1, 9999), printing);
  const printError = readPrintError(print);
  const percent = readPercent(print.mc_percent) ?? readPercent(print.percent);
  const layer = atLeastZero(readLayer(print));
  const total = readTotalLayers(print);
  return {
    identity,
    // A cancel zeroes both; what was reached is what people ask for.
    percent: ended && percent === 0 ? Math.min(peaks.percent, 100) : percent,
    layer: ended && layer === 0 ? peaks.layer : layer,
    remainingMinutes: printing
      ? (readMinutes(print.mc_remaining_time) ?? readMinutes(print.remain_time))
      : null,
    totalLayers: total !== null && total > 0 ? total : peaks.totalLayers > 0 ? peaks.totalLayers : null,
    downloadPercent:
      activity === 'PREPARE'
        ? (readPercent(print.gcode_file_prepare_percent) ?? readPercent(print.prepare_per))
        : null,
    stage,
    stageText: stageText(stage),
    printError,
    errorCode: printError === 0 ? null : errorCodeText(printError),
    failReason: readUint32(print.fail_reason) ?? 0,
    skippedObjects: readSkippedObjects(print.s_obj),
  };
}

/** More than the vendor's own programs let a person choose from. */
const MAX_OBJECTS = 256;
const NO_OBJECTS: readonly number[] = [];

function readSkippedObjects(value: unknown): readonly number[] {
  if (!Array.isArray(value) || value.length === 0) return NO_OBJECTS;
  return value
    .slice(0, MAX_OBJECTS)
    .map(readInteger)
    .filter((id) => id !== null);
}

function readPercent(value: unknown): number | null {
  return readIntegerWithin(value, 0, 100);
}

/** More than two months is no print. */
const MOST_MINUTES = 100_000;

function readMinutes(value: unknown): number | null {
  const minutes = readNumber(value);
  return minutes !== null && minutes >= 0 && minutes <= MOST_MINUTES ? minutes : null;
}

function atLeastZero(value: number | null): number | null {
  return value === null || value < 0 ? null : value;
}
