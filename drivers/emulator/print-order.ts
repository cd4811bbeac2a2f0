/** A print as the machine was told to make it, and what its file promises. */
export interface PrintOrder {
  readonly taskId: string;
  readonly subtaskId: string;
  readonly projectId: string;
  readonly profileId: string;
  readonly subtaskName: string;
  /** File name or path on the card, without leading slash; '' for prints that have none. */
  readonly remoteName: string;
  readonly plate: number;
  readonly predictionSeconds: number;
  readonly layers: number;
  /** What feeds the print, in the order of use. */
  readonly feeds: readonly Feed[];
  readonly nozzleTarget: number;
  readonly bedTarget: number;
  /** `local` or `cloud`. */
  readonly printType: string;
  /** What the machine finds when it opens the file. */
  readonly finding: Finding;
}

/** A place filament comes from: AMS unit and slot, or an external holder (slot 0). */
export interface Feed {
  readonly unitId: number;
  readonly slot: number;
  readonly grams: number;
}

export type Finding =
  | { readonly kind: 'printable' }
  /** PREPARE, then FAILED with this print_error. */
  | { readonly kind: 'fails'; readonly code: number }
  /** PREPARE, then PAUSE with this print_error, again after every resume. */
  | { readonly kind: 'holds'; readonly code: number };

export const PRINTABLE: Finding = { kind: 'printable' };
