/**
 * Every error of toprung: one table of codes, one class.
 *
 * A code is stable: programs test `error.code`; people read `error.message`, which says what was expected and what
 * came.
 * The command's exit codes and the documentation are made from this table; nothing else defines a code. Errors of the
 * Rust core arrive here under the code that they have there ({@link fromNative}).
 */

/** What each code means, and what to do about it. */
export const ERROR_TABLE = {
  ERR_TOPRUNG_ABORTED: 'The run was stopped by its AbortSignal. `error.cause` is the signal’s reason.',
  ERR_TOPRUNG_AGENT: 'An agent in TypeScript threw, or wrote something that is no action. `error.partial` is the run.',
  ERR_TOPRUNG_ARGUMENT: 'An argument has the wrong type.',
  ERR_TOPRUNG_BATCH_TOO_LARGE: 'A batch may hold 16,777,216 commands: submit it in parts.',
  ERR_TOPRUNG_BUFFER_ALIGNMENT: 'A view must start at a multiple of 8 bytes of its buffer.',
  ERR_TOPRUNG_BUFFER_DETACHED: 'The buffer was transferred away (postMessage, structuredClone): make a new batch.',
  ERR_TOPRUNG_BUFFER_EMPTY: 'A buffer of no bytes cannot hold a record.',
  ERR_TOPRUNG_BUFFER_FULL: 'A batch over a buffer that was given to it cannot grow: submit and clear it first.',
  ERR_TOPRUNG_BUFFER_LENGTH: 'The buffer’s length does not fit what it is said to hold.',
  ERR_TOPRUNG_BUFFER_TYPE: 'A Uint8Array was expected.',
  ERR_TOPRUNG_CONFIG: 'A configuration is not valid. `error.path` names the setting.',
  ERR_TOPRUNG_DATASET_CORRUPT: 'A file of a dataset is not what its manifest says, or not what its format asks for.',
  ERR_TOPRUNG_DATASET_DIVERGED: 'A run that should repeat an earlier one gave other events, so nothing was written.',
  ERR_TOPRUNG_DATASET_NOT_FOUND: 'The folder is not there or holds no dataset: it has no manifest.',
  ERR_TOPRUNG_DATASET_NO_TABLE: 'The dataset has no such table. The message says which it has.',
  ERR_TOPRUNG_DATASET_OPTION: 'An option of a dataset has a value that it cannot have.',
  ERR_TOPRUNG_DATASET_TAKEN: 'Where a dataset should be made is something else, which is left alone.',
  ERR_TOPRUNG_DATASET_VERSION: 'A dataset of another version of toprung, or in a format that is not read back.',
  ERR_TOPRUNG_DATA_CANCELLED: 'Reading was stopped. Seen only as the cause of ERR_TOPRUNG_ABORTED.',
  ERR_TOPRUNG_DATA_CORRUPT: 'A compressed file does not decompress or does not match its checksum: fetch it again.',
  ERR_TOPRUNG_DATA_EMPTY: 'The file is whole, but there is nothing in it to work on.',
  ERR_TOPRUNG_DATA_FORMAT: 'A line is not what the format says. The message names file, line and column.',
  ERR_TOPRUNG_DATA_NOT_FOUND: 'There is no such file, folder or member of an archive.',
  ERR_TOPRUNG_DATA_OPTION: 'An option of a reader has a value that it cannot have.',
  ERR_TOPRUNG_DATA_TRUNCATED: 'The file ends in the middle: it was cut off while it was written or copied.',
  ERR_TOPRUNG_DATA_UNKNOWN_FORMAT: 'It cannot be told which format the file has: say it with the `format` option.',
  ERR_TOPRUNG_DATA_UNREADABLE: 'The file is there, but the operating system refuses to read it.',
  ERR_TOPRUNG_ENDLESS_REACTION:
    'An agent of a market reacts for ever at one instant. The message names it; delays in its links end that.',
  ERR_TOPRUNG_EVENTS_PENDING: 'Events of the last batch wait in the book: `drain` them before the next batch.',
  ERR_TOPRUNG_INEXACT: 'A sum of quantities is past 2^53 - 1 and cannot be given as a number exactly.',
  ERR_TOPRUNG_INTERNAL: 'The binding failed in a way that it should not: a defect of toprung, please report it.',
  ERR_TOPRUNG_INVARIANT: 'A book is inconsistent: a defect of toprung, please report it.',
  ERR_TOPRUNG_JOURNAL_CLOSED: 'The journal was closed and takes nothing more: open it again.',
  ERR_TOPRUNG_JOURNAL_CONFIG: 'The journal is of another configuration, or of one that this version does not know.',
  ERR_TOPRUNG_JOURNAL_CORRUPT: 'A journal is damaged elsewhere than in a torn tail. The message names file and byte.',
  ERR_TOPRUNG_JOURNAL_DIVERGED: 'Replaying a journal gives another book than the one that wrote it.',
  ERR_TOPRUNG_JOURNAL_EXISTS: 'The folder holds a journal already: open that, or take another folder.',
  ERR_TOPRUNG_JOURNAL_FAILED: 'An earlier write to the journal failed, so it takes nothing more: recover it.',
  ERR_TOPRUNG_JOURNAL_IN_USE: 'Another process or book writes this journal.',
  ERR_TOPRUNG_JOURNAL_IO: 'The operating system refused to read or write a file of a journal.',
  ERR_TOPRUNG_JOURNAL_MISSING: 'Commands are missing from a journal: a segment or the snapshot before it is not there.',
  ERR_TOPRUNG_JOURNAL_NOT_FOUND: 'The folder is not there or holds no journal.',
  ERR_TOPRUNG_JOURNAL_OPTION: 'An option of a journal has a value that it cannot have.',
  ERR_TOPRUNG_JOURNAL_VERSION:
    'A journal of another format or engine version: recover it with the version that wrote it.',
  ERR_TOPRUNG_MEMORY: 'The run would need more memory than `maxMemoryMib` allows.',
  ERR_TOPRUNG_NATIVE_MISSING: 'The native core could not be loaded. The message says which package, and what to do.',
  ERR_TOPRUNG_NOT_INTEGER: 'An integer was expected: not NaN, an infinity or a fraction.',
  ERR_TOPRUNG_NO_FIT: 'A model cannot be fitted to this tape. The message says what it would need.',
  ERR_TOPRUNG_OUTPUT: 'A file or folder could not be written.',
  ERR_TOPRUNG_OUT_OF_RANGE: 'An integer is outside its range. Ids and quantities: 0 to 2^53 - 1; prices: ±(2^53 - 1).',
  ERR_TOPRUNG_PANIC: 'The native core panicked and was caught: a defect of toprung, please report it.',
  ERR_TOPRUNG_TAPE_TOO_SHORT: 'A tape has too few messages, or takes too little time, to be scored.',
  ERR_TOPRUNG_THREADS: 'The operating system gave no threads.',
  ERR_TOPRUNG_TRACE_DECODE: 'A recording was made, but the tool could not make a trace of it.',
  ERR_TOPRUNG_TRACE_EMPTY:
    'The trace holds no spans and no samples: the thread did not run, or nothing of it was recorded.',
  ERR_TOPRUNG_TRACE_FILE: 'A trace file cannot be read or written: the operating system refuses.',
  ERR_TOPRUNG_TRACE_FORMAT: 'The file is neither a Fuchsia trace (.fxt, .fxt.gz) nor the text of `perf script`.',
  ERR_TOPRUNG_TRACE_MAGIC_MISSING: 'There is no magic-trace on the PATH and none named by MAGIC_TRACE.',
  ERR_TOPRUNG_TRACE_NEVER_FIRED: 'The recording was made, but the trigger was not met in it.',
  ERR_TOPRUNG_TRACE_NOT_READY: 'The tool did not begin to record in time.',
  ERR_TOPRUNG_TRACE_NO_INTEL_PT: 'This machine has no Intel PT.',
  ERR_TOPRUNG_TRACE_OPTION: 'An option of tracing has a value that it cannot have.',
  ERR_TOPRUNG_TRACE_PERF_MISSING: 'There is no perf on the PATH and none named by MAGIC_TRACE_PERF_PATH.',
  ERR_TOPRUNG_TRACE_PERF_OUTPUT: 'What this perf prints cannot be read by magic-trace.',
  ERR_TOPRUNG_TRACE_PERMISSION: 'The kernel forbids to trace this: see `toprung trace doctor`.',
  ERR_TOPRUNG_TRACE_STRIPPED: 'The executable has no symbol table, so magic-trace takes no trigger.',
  ERR_TOPRUNG_TRACE_SYMBOL: 'The trigger is no symbol of the main executable: give its address.',
  ERR_TOPRUNG_TRACE_TARGET: 'The process, thread or command that was to be traced is not there.',
  ERR_TOPRUNG_TRACE_TOOL: 'The tool (magic-trace, perf) failed in a way of its own: the message has its words.',
  ERR_TOPRUNG_TRACE_TOO_LARGE: 'A trace of more than 512 MiB is not read: record a shorter window.',
  ERR_TOPRUNG_TRACE_WRITE: 'A trace cannot be written: something in it does not fit the format.',
  ERR_TOPRUNG_UNKNOWN_ENUM: 'A value is no member of its enumeration, such as a side that is neither buy nor sell.',
  ERR_TOPRUNG_UNKNOWN_POLICY: 'There is no matching policy of this name.',
  ERR_TOPRUNG_UNKNOWN_SCENARIO: 'There is no scenario of this name.',
} as const satisfies Record<string, string>;

/** A code of {@link ERROR_TABLE}. */
export type ErrorCode = keyof typeof ERROR_TABLE;

/** Every error that toprung throws on purpose. */
export class ToprungError extends Error {
  override readonly name: string = 'ToprungError';
  /** What went wrong, for programs. */
  readonly code: ErrorCode;
  /** Where: a setting (`flow.limitRate`), or a field of a record (`commands[17].qty`). */
  readonly path: string | undefined;

  constructor(code: ErrorCode, message: string, options: { path?: string | undefined; cause?: unknown } = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.path = options.path;
  }
}

/**
 * A run was stopped by its `AbortSignal`. As in Node's own functions the name is `AbortError` and the signal's reason
 * is the `cause`.
 *
 * @typeParam T - What the run would have given.
 */
export class AbortError<T = unknown> extends ToprungError {
  override readonly name = 'AbortError';
  /** What was done until then: valid, but how much it is depends on the clock. Not there if nothing had started. */
  readonly partial: T | undefined;

  constructor(message: string, reason: unknown, partial?: T) {
    super('ERR_TOPRUNG_ABORTED', message, { cause: reason });
    this.partial = partial;
  }
}

/** Whether something thrown is an error of toprung. */
export function isToprungError(thrown: unknown): thrown is ToprungError {
  return thrown instanceof ToprungError;
}

/**
 * The error that the Rust core threw, as a {@link ToprungError}: same code, the place in `path`.
 *
 * @internal
 */
export function fromNative(thrown: unknown): ToprungError {
  if (thrown instanceof ToprungError) return thrown;
  const { code, message } =
    thrown instanceof Error ? (thrown as Error & { code?: unknown }) : { code: '', message: `${thrown}` };
  const [text, path] = splitPlace(message);
  return typeof code === 'string' && Object.hasOwn(ERROR_TABLE, code)
    ? new ToprungError(code as ErrorCode, text, { path, cause: thrown })
    : new ToprungError('ERR_TOPRUNG_INTERNAL', `the native core failed: ${message}`, { cause: thrown });
}

/**
 * Calls the Rust core; what it throws becomes a {@link ToprungError}.
 *
 * @internal
 */
export function callNative<T>(f: () => T): T {
  try {
    return f();
  } catch (error) {
    throw fromNative(error);
  }
}

/** Rust writes the place, where there is one, as a last line `at <path>`. */
function splitPlace(message: string): [string, string | undefined] {
  const at = message.lastIndexOf('\nat ');
  if (at < 0) return [message, undefined];
  const path = message.slice(at + 4);
  return [`${path}: ${message.slice(0, at)}`, path];
}
