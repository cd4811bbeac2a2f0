export type StorageErrorCode =
  /** More bytes than the limit allows. */
  | 'too-large'
  /** The disk or the quota is full. */
  | 'no-space'
  /** The stream ended with another number of bytes than announced. */
  | 'incomplete'
  | 'not-found'
  /** The range asked for is not inside the file. */
  | 'bad-range'
  /** Not a SHA-256 in lower-case hex. */
  | 'bad-hash'
  /** Not a file name or storage path that can be accepted. */
  | 'bad-name';

/** Why a stored file cannot be had or made. `message` says what was wrong and what would be right. */
export class StorageError extends Error {
  constructor(
    readonly code: StorageErrorCode,
    message: string,
    options?: { cause?: unknown },
  ) {
    super(message, options?.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'StorageError';
  }
}
