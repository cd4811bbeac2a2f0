/** Exit codes of every command; docs/cli.md explains them to users. */
export const EXIT = {
  ok: 0,
  /** The command was understood, but could not be done. */
  failed: 1,
  /** The command line or the configuration is wrong. */
  usage: 2,
  /** Another printfarmd holds the data folder. */
  locked: 3,
  /** What was named (a file, a key) does not exist. */
  notFound: 4,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** A failure told to the user in one message, with the exit code that belongs to it. */
export class CliError extends Error {
  constructor(
    readonly exitCode: ExitCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'CliError';
  }
}
