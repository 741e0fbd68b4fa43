/**
 * What the command's exit code means; the table is in `toprung --help` and in docs.
 *
 * A script may rely on these: a new meaning gets a new number.
 */
export const ExitCode = {
  /** Everything was done. */
  ok: 0,
  /** A fault of toprung itself, or of its installation. */
  internal: 1,
  /** The command line is wrong: unknown command or option, missing argument. */
  usage: 2,
  /** The configuration or a data file is invalid, or a file cannot be read or written. */
  invalid: 3,
  /** The run was done and its answer is no: a replay differs from the recording, a journal is not sound. */
  differs: 4,
  /** The same configuration and seed gave another digest. */
  nondeterministic: 5,
  /** Stopped by Ctrl-C; what was printed is partial. */
  interrupted: 130,
} as const;

/** One of the values of {@link ExitCode}. */
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];
