export type SlicedFileErrorCode =
  /** The file is no zip archive at all. */
  | 'not-a-zip'
  /** The archive ends before it should, or an entry does. */
  | 'truncated'
  | 'encrypted'
  /** More entries, bytes or compression than any real file has, declared or met while unpacking. */
  | 'too-large'
  /** An entry name that would leave the archive when written to disk. */
  | 'unsafe-path'
  /** A zip without a model or G-code in it, or a plate of a file that was never sliced. */
  | 'not-sliced'
  /** The plate asked for is missing or damaged. */
  | 'bad-plate'
  /** Parts of the file contradict the format. */
  | 'malformed';

/** Why a 3mf file cannot be used. `message` is one sentence fit for the person who uploaded it. */
export class SlicedFileError extends Error {
  constructor(
    readonly code: SlicedFileErrorCode,
    message: string,
    options?: { cause?: unknown },
  ) {
    super(message, options?.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'SlicedFileError';
  }
}
