/** The frame of the runners that people call on a folder of data: arguments, output, exit codes. */
import { type ParseArgsConfig, parseArgs } from 'node:util';
import { DataError } from './data-error.js';

type OptionsConfig = NonNullable<ParseArgsConfig['options']>;

/** What a runner gives back. */
export interface ToolResult {
  /** Printed under `--json`. */
  readonly document: unknown;
  /** Printed otherwise. */
  readonly text: () => string;
  /** Whether something differs: exit code 4. */
  readonly differs: boolean;
}

/** Runs a tool over the one path of its command line. Data goes to stdout, errors to stderr. */
export function runTool(
  usage: string,
  options: OptionsConfig,
  body: (target: string, values: Readonly<Record<string, unknown>>) => ToolResult,
): void {
  try {
    const { values, positionals } = parse(usage, options);
    const [target, ...more] = positionals;
    if (target === undefined || more.length > 0) throw new UsageError(usage);
    const { document, text, differs } = body(target, values);
    console.log(values.json === true ? JSON.stringify(document, null, 2) : text());
    process.exitCode = differs ? 4 : 0;
  } catch (error) {
    if (!(error instanceof DataError) && !(error instanceof UsageError)) throw error;
    console.error(error.message);
    process.exitCode = error instanceof UsageError ? 2 : 3;
  }
}

class UsageError extends Error {}

function parse(
  usage: string,
  options: OptionsConfig,
): { values: Record<string, unknown>; positionals: readonly string[] } {
  try {
    return parseArgs({ options: { json: { type: 'boolean' }, ...options }, allowPositionals: true });
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n${usage}`);
  }
}
