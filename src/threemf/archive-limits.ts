/** What an archive may cost to read. Declared figures are checked first, counted ones while inflating. */
export interface ArchiveLimits {
  /** Entries in the archive. */
  readonly entries: number;
  /** Uncompressed bytes of one entry that is read into memory. */
  readonly entryBytes: number;
  /** Uncompressed bytes of all entries together. */
  readonly totalBytes: number;
  /** Uncompressed to compressed, for entries and archives above one megabyte. G-code stays below 60. */
  readonly ratio: number;
}

export const DEFAULT_ARCHIVE_LIMITS: ArchiveLimits = {
  entries: 4096,
  entryBytes: 8 * 1024 * 1024,
  totalBytes: 4 * 1024 * 1024 * 1024,
  ratio: 300,
};

/** Below this size a high ratio is harmless and common: a short file of zeros. */
export const RATIO_APPLIES_FROM_BYTES = 1024 * 1024;
