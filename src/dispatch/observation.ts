/** What a report shows of a printer, as far as a dispatch cares. Declared here: the machine knows no driver. */
export interface Observation {
  /** Daemon clock, epoch milliseconds: when the report arrived. A report that is only told again keeps its time. */
  readonly at: number;
  /** When the printer last said its activity, same clock; null while it never has. */
  readonly activityAt: number | null;
  /** A full report has arrived since the connection was made. */
  readonly complete: boolean;
  readonly activity: 'IDLE' | 'PREPARE' | 'SLICING' | 'RUNNING' | 'PAUSE' | 'FINISH' | 'FAILED' | null;
  readonly identity: PrintIdentity;
  /** `0300_400C` form; null when the printer names no error now. */
  readonly errorCode: string | null;
  /** What that error means, where it has words. */
  readonly errorText?: string | null;
  /** The gravest message of the printer's own that is no error of the print; null when there is none. */
  readonly trouble?: string | null;
  /** Reason of the last failure where the firmware keeps it, same form. */
  readonly failReason: string | null;
  readonly progress: Progress;
}

/** How far the print is that the printer shows; null where it does not say. */
export interface Progress {
  /** 0 to 100. */
  readonly percent: number | null;
  readonly layer: number | null;
  readonly totalLayers: number | null;
}

export const NO_PROGRESS: Progress = { percent: null, layer: null, totalLayers: null };

export interface PrintIdentity {
  readonly taskId: string;
  readonly subtaskId: string;
  readonly jobId: string;
  readonly name: string;
  readonly file: string;
}

/** The ids a report shows, the surest first; '' and '0' mean none. */
export function idsOf({ subtaskId, taskId, jobId }: PrintIdentity): readonly string[] {
  return [subtaskId, taskId, jobId].filter((id) => id !== '' && id !== '0');
}

/** The printer says nothing about which print it shows. */
export function isBlank(identity: PrintIdentity): boolean {
  return idsOf(identity).length === 0 && identity.name === '' && identity.file === '';
}

/** Both show the same print; blank ones show none. */
export function isSamePrint(one: PrintIdentity, other: PrintIdentity): boolean {
  return idsOf(one).join() === idsOf(other).join() && one.name === other.name;
}
