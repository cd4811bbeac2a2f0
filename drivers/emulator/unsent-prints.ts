/** Prints that nobody sent over the network: from the screen, and of leftovers after a boot. */
import { posix } from 'node:path';
import type { TruthRecorder } from './ground-truth.js';
import { PRINTABLE, type PrintOrder } from './print-order.js';
import { readPlate, UnreadableFile } from './sliced-file.js';
import type { Storage } from './storage.js';

const COMMON = {
  projectId: '0',
  profileId: '0',
  feeds: [],
  nozzleTarget: 220,
  bedTarget: 60,
  printType: 'local',
  finding: PRINTABLE,
} as const;

/** A print started on the screen has a small task id and no subtask id. */
export function screenPrint(name: string, seconds: number, taskId: number): PrintOrder {
  return {
    ...COMMON,
    taskId: String(taskId),
    subtaskId: '',
    subtaskName: name,
    remoteName: `${name}.gcode.3mf`,
    plate: 1,
    predictionSeconds: seconds,
    layers: 20,
  };
}

/**
 * A print of the first file left in the root, as some firmware makes after a boot (docs/protocol.md §7.4); under the
 * old name, but with no ids. Null when nothing is left that can be read.
 */
export async function ghostPrint(
  storage: Storage,
  last: PrintOrder | null,
  record: TruthRecorder,
): Promise<PrintOrder | null> {
  try {
    return await leftoverPrint(storage, last);
  } catch (error) {
    if (!(error instanceof UnreadableFile)) throw error;
    record('power', 'ghost-unreadable', { reason: error.message });
    return null;
  }
}

/** @throws UnreadableFile */
async function leftoverPrint(storage: Storage, last: PrintOrder | null): Promise<PrintOrder | null> {
  const leftover = storage.files().find(({ name }) => /^[^/]+\.3mf$/.test(name));
  if (leftover === undefined) return null;
  const known = last?.remoteName === leftover.name ? last : null;
  const plate = known?.plate ?? 1;
  const content = await readPlate(storage.hostPath(leftover.name), plate);
  return {
    ...COMMON,
    taskId: '0',
    subtaskId: '0',
    subtaskName: known?.subtaskName ?? posix.basename(leftover.name, '.3mf'),
    remoteName: leftover.name,
    plate,
    predictionSeconds: content.predictionSeconds,
    layers: content.layers,
  };
}
