/** What a report shows of a printer, as far as a dispatch cares. Declared here: the machine knows no driver. */
export interface Observation {
  /** Daemon clock, epoch milliseconds. */
  readonly at: number;
  /** A full report has arrived since the connection was made. */
  readonly complete: boolean;
  readonly activity: 'IDLE' | 'PREPARE' | 'SLICING' | 'RUNNING' | 'PAUSE' | 'FINISH' | 'FAILED' | null;
  readonly identity: PrintIdentity;
  /** `0300_400C` form; null when the printer names no error now. */
  readonly errorCode: string | null;
  /** Reason of the last failure where the firmware keeps it, same form. */
  readonly failReason: string | null;
}

export interface PrintIdentity {
  readonly taskId: string;
  readonly subtaskId: string;
  readonly jobId: string;
  readonly name: string;
  readonly file: string;
}

/** By what our print is recognised (docs/protocol.md §7.1). */
export interface OurMarks {
  readonly token: number;
  readonly previousToken: number | null;
  readonly name: string;
  readonly remoteName: string;
}

/**
 * What an observation says about our print:
 * `ours-…` the machine shows our identity; `foreign` another print is active; `idle` nothing is active and nothing of
 * ours shows; `unclear` the report says too little to conclude anything.
 */
export type Sighting =
  | 'ours-active'
  | 'ours-finished'
  | 'ours-failed'
  | 'ours-idle'
  | 'foreign'
  | 'idle'
  | 'unclear';

export function sight(marks: OurMarks, seen: Observation): Sighting {
  if (!seen.complete || seen.activity === null) return 'unclear';
  const ours = isOurs(marks, seen.identity);
  switch (seen.activity) {
    case 'PREPARE':
    case 'SLICING':
    case 'RUNNING':
    case 'PAUSE':
      if (ours) return 'ours-active';
      // A start is taking place and the identity has not arrived yet: wait for the next report.
      return isBlank(seen.identity) ? 'unclear' : 'foreign';
    case 'FINISH':
      return ours ? 'ours-finished' : 'idle';
    case 'FAILED':
      return ours ? 'ours-failed' : 'idle';
    case 'IDLE':
      return ours ? 'ours-idle' : 'idle';
  }
}

/**
 * Ids decide where the firmware keeps them. Where it shows none, the name or the file decides: both are made for one
 * dispatch alone, so an old print can never be taken for a new one.
 */
function isOurs(marks: OurMarks, identity: PrintIdentity): boolean {
  const tokens = [marks.token, marks.previousToken].filter((token) => token !== null).map(String);
  const ids = [identity.subtaskId, identity.taskId, identity.jobId].filter((id) => id !== '' && id !== '0');
  if (ids.length > 0) return ids.some((id) => tokens.includes(id));
  if (identity.name !== '') return identity.name === marks.name;
  return identity.file !== '' && identity.file === marks.remoteName;
}

function isBlank(identity: PrintIdentity): boolean {
  return (
    [identity.subtaskId, identity.taskId, identity.jobId].every((id) => id === '' || id === '0') &&
    identity.name === '' &&
    identity.file === ''
  );
}

/** A person, at the machine or here, ended the print (docs/protocol.md §7.2). */
const CANCEL_CODES: ReadonlySet<string> = new Set(['0300_400C', '0500_400E']);

export function isCancelCode(code: string | null): boolean {
  return code !== null && CANCEL_CODES.has(code);
}

/** Low words under 0x4000 tell of a phase, not of a fault (docs/protocol.md §5.4). */
export function isFault(code: string | null): code is string {
  return code !== null && Number.parseInt(code.slice(5), 16) >= 0x4000;
}

/** Errors by which a printer refuses a start without showing our identity (docs/protocol.md §7.3). */
export function refusesStart(code: string | null): code is string {
  return code !== null && (/^0500_[4C]0/.test(code) || /^0502_40/.test(code)) && !isCancelCode(code);
}
