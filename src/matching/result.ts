import type { FilamentProfile } from './input.js';

/** Check codes in the order in which they are made. */
export const CHECK_CODES = [
  'enabled',
  'in-maintenance',
  'online',
  'available',
  'ready',
  'subscription-slots',
  'profiles-configured',
  'slots-loaded',
  'tags-match',
  'material-match',
  'filament-profiles',
] as const;
export type CheckCode = (typeof CHECK_CODES)[number];

/** Library ids the failing demand names, for a reader that wants to show the material. */
export interface CheckContext {
  readonly materialId?: string;
  readonly variantId?: string;
}

export interface Check {
  readonly code: CheckCode;
  readonly passed: boolean;
  readonly label: string;
  readonly explanation: string;
  readonly context?: CheckContext;
}

/** Where the filament of one channel comes from. */
export type ChannelMapping =
  | { readonly index: number; readonly skip: true }
  | {
      readonly index: number;
      readonly amsIndex: number;
      readonly slotIndex: number;
      readonly tray: number;
      readonly unitId: number;
      readonly external: boolean;
      readonly extruder: number | null;
      /** Type, colour and name of the spool in the slot; '' when unknown. */
      readonly type: string;
      readonly color: string;
      readonly name: string;
      readonly materialId: string | null;
      readonly variantId: string | null;
      readonly profile: FilamentProfile | null;
    };

/** Names a slot of the printer; the reader joins its own rows by it. */
export interface SlotRef {
  readonly amsIndex: number;
  readonly slotIndex: number;
}

/** One alternative of a channel's demand, in the contract's form. */
export interface ComputedAssignment {
  readonly partId: string;
  readonly index: number;
  /** Position among the channel's alternatives, 0 is best. */
  readonly priority: number;
  readonly materialId: string | null;
  readonly variantId: string | null;
  readonly materialType: string | null;
  readonly groupId: string | null;
}

export type Mismatch =
  | {
      readonly reasonCode: 'tag-mismatch';
      readonly data: {
        readonly required: Readonly<Record<string, string>>;
        readonly printer: Readonly<Record<string, unknown>>;
      };
    }
  | {
      readonly reasonCode: 'no-slots';
      readonly data: { readonly config: { readonly use_ams: boolean }; readonly slots: readonly SlotRef[] };
    }
  | { readonly reasonCode: 'missing-profile'; readonly data: { readonly slots: readonly SlotRef[] } }
  | {
      readonly reasonCode: 'material-mismatch';
      readonly data: {
        readonly slots: readonly SlotRef[];
        /** Channel index to its alternatives; null when the part is gone. */
        readonly computedAssignments: Readonly<Record<string, readonly ComputedAssignment[]>> | null;
      };
    }
  | {
      readonly reasonCode: 'previous-mismatch';
      readonly data: { readonly partId: string; readonly plateId?: number };
    };

/** Why a job fits a printer that could take a job now, or the first reason why it does not. */
export type PairReason =
  | ({ readonly matched: false; readonly reason: string } & Mismatch)
  | {
      readonly matched: true;
      readonly reason: string;
      readonly reasonCode: 'matched';
      /** Worst position among the alternatives that won, 0 is best. */
      readonly priority: number;
      readonly data: { readonly slots: readonly SlotRef[] };
      readonly mapping: readonly ChannelMapping[];
    };

/** Everything there is to say about one job and one printer. */
export interface PairResult {
  readonly matched: boolean;
  /** Nothing but passing circumstances stands in the way. */
  readonly compatible: boolean;
  readonly checks: readonly Check[];
  readonly firstFailedCheck: CheckCode | null;
  /** Null while the printer could not take any job: such printers are left out of the matching details. */
  readonly reason: PairReason | null;
  /** Null unless matched. */
  readonly mapping: readonly ChannelMapping[] | null;
}
