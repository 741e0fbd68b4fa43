/**
 * Errors of the command, and how any error is shown: what happened, where, why, how to fix it, and a code.
 *
 * Errors of the library (`ToprungError`) keep their own code and gain an exit code here.
 */
import { ExitCode } from './exit-codes.js';
import type { Terminal } from './terminal.js';

/** Codes that only the command raises; the library's are in `toprung`'s own table. */
export type CliErrorCode =
  | 'ERR_TOPRUNG_USAGE'
  | 'ERR_TOPRUNG_CONFIG_FILE'
  | 'ERR_TOPRUNG_LISTEN'
  | 'ERR_TOPRUNG_OUTPUT'
  | 'ERR_TOPRUNG_INTERNAL'
  | 'ERR_TOPRUNG_QUERY'
  | 'ERR_TOPRUNG_QUERY_ENGINE'
  | 'ERR_TOPRUNG_BENCH_RESULTS'
  | 'ERR_TOPRUNG_RUN_NOT_FOUND'
  | 'ERR_TOPRUNG_RUN_PARTIAL'
  | 'ERR_TOPRUNG_RUN_VERSION';

/** The parts of an error that a person needs. */
export interface ErrorReport {
  /** Stable code, `ERR_TOPRUNG_…`. */
  readonly code: string;
  /** What happened, in one line. */
  readonly message: string;
  /** Where: a file and line, an option, a field. */
  readonly where?: string | undefined;
  /** How to fix it, one line each. */
  readonly fix: readonly string[];
  /** The exit code it ends the command with. */
  readonly exitCode: ExitCode;
  /** The stack, shown under `--verbose`. */
  readonly stack?: string | undefined;
}

/** An error that the command itself raises. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly code: CliErrorCode;
  readonly exitCode: ExitCode;
  readonly where: string | undefined;
  readonly fix: readonly string[];

  constructor(
    code: CliErrorCode,
    exitCode: ExitCode,
    message: string,
    details: { where?: string; fix?: readonly string[]; cause?: unknown } = {},
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.exitCode = exitCode;
    this.where = details.where;
    this.fix = details.fix ?? [];
  }
}

/** A wrong command line: exit code 2. */
export function usageError(message: string, fix: readonly string[] = [], where?: string): CliError {
  return new CliError('ERR_TOPRUNG_USAGE', ExitCode.usage, message, { fix, ...(where === undefined ? {} : { where }) });
}

/** Everything that is known of an error, whatever was thrown. */
export function reportOf(error: unknown): ErrorReport {
  if (error instanceof CliError) {
    const { code, message, where, fix, exitCode, stack } = error;
    return { code, message, where, fix, exitCode, stack };
  }
  if (error instanceof Error) {
    const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
    if (code?.startsWith('ERR_TOPRUNG_')) {
      const where = 'where' in error && typeof error.where === 'string' ? error.where : undefined;
      const fix = 'fix' in error && typeof error.fix === 'string' ? [error.fix] : fixFor(code);
      return { code, message: error.message, where, fix, exitCode: exitCodeFor(code), stack: error.stack };
    }
    return {
      code: 'ERR_TOPRUNG_INTERNAL',
      message: code === undefined ? error.message : `${error.message} (${code})`,
      fix: ['this is a fault of toprung: run again with --verbose and report the stack'],
      exitCode: ExitCode.internal,
      stack: error.stack,
    };
  }
  return { code: 'ERR_TOPRUNG_INTERNAL', message: String(error), fix: [], exitCode: ExitCode.internal };
}

/** Shows an error: text on stderr, or one JSON document on stdout under `--json`. */
export function showError(terminal: Terminal, error: unknown): ExitCode {
  const report = reportOf(error);
  const { code, message, where, fix, exitCode, stack } = report;
  if (terminal.options.json) {
    terminal.printJson({
      schema: 'toprung.error/1',
      error: { code, message, ...(where === undefined ? {} : { where }), fix, exitCode },
    });
  } else {
    const paint = terminal.paintError;
    const [first, ...rest] = message.split('\n');
    terminal.error(`${paint(['bold', 'red'], 'error')}: ${first}`);
    for (const line of rest) terminal.error(`  ${line}`);
    if (where !== undefined) terminal.error(`  ${paint('dim', 'where')} ${where}`);
    for (const line of fix) terminal.error(`  ${paint('dim', 'fix')}   ${line}`);
    terminal.error(`  ${paint('dim', 'code')}  ${code} (exit ${exitCode})`);
  }
  if (terminal.options.verbose && stack !== undefined) terminal.error(stack);
  return exitCode;
}

/** Library codes that are toprung's own fault; every other one means that what it was given is wrong. */
const internalCodes = /NATIVE|PANIC|INTERNAL|INVARIANT|THREADS/;

function exitCodeFor(code: string): ExitCode {
  if (/ABORTED|CANCELLED/.test(code)) return ExitCode.interrupted;
  if (code.includes('DIVERGED')) return ExitCode.differs;
  return internalCodes.test(code) ? ExitCode.internal : ExitCode.invalid;
}

function fixFor(code: string): readonly string[] {
  if (code.includes('NATIVE')) return ['`toprung doctor` says where the native addon was looked for'];
  if (code.includes('JOURNAL')) return ['docs/journal.md says what recovery does, and what each error means'];
  if (code.includes('CONFIG')) return ['`toprung simulate --help` lists the options with their ranges'];
  return [];
}
