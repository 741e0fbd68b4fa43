/**
 * The only place that writes to the terminal: data goes to stdout, everything else to stderr.
 *
 * Colour is decided per stream: `--no-color`, `NO_COLOR` and `TERM=dumb` turn it off, `FORCE_COLOR` turns it on,
 * otherwise it is on when the stream is a terminal.
 */
import type { WriteStream } from 'node:tty';
import { styleText } from 'node:util';

/** Styles that the output uses; each text stays readable without them. */
export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';

/** What the global options say about output. */
export interface TerminalOptions {
  /** One JSON document on stdout instead of text. */
  readonly json: boolean;
  /** No progress and no notes; results and errors only. */
  readonly quiet: boolean;
  /** `false` after `--no-color`. */
  readonly color: boolean;
  /** Stack traces with errors. */
  readonly verbose: boolean;
}

/** Paints a text if the stream takes colour. */
export type Paint = (style: Style | readonly Style[], text: string) => string;

/** Where a command's output goes. */
export interface Terminal {
  readonly options: TerminalOptions;
  /** Paint for stdout. */
  readonly paint: Paint;
  /** Paint for stderr. */
  readonly paintError: Paint;
  /** Whether stderr is a terminal that a progress line may be redrawn on. */
  readonly interactive: boolean;
  /** Columns of stderr. */
  columns(): number;
  /** A line of data, to stdout. */
  print(line: string): void;
  /** One JSON document, to stdout. */
  printJson(value: unknown): void;
  /** A note for the person, to stderr; silent under `--quiet` and `--json`. */
  note(line: string): void;
  /** An error, to stderr; never silent. */
  error(line: string): void;
  /** Raw text to stderr, for the progress line. */
  writeError(text: string): void;
}

/** The terminal of this process. */
export function processTerminal(options: TerminalOptions): Terminal {
  const { stdout, stderr, env } = process;
  return {
    options,
    paint: painter(wantsColor(stdout, options.color, env)),
    paintError: painter(wantsColor(stderr, options.color, env)),
    interactive: stderr.isTTY === true && env.TERM !== 'dumb',
    columns: () => stderr.columns ?? 80,
    print: (line) => void stdout.write(`${line}\n`),
    printJson: (value) => void stdout.write(`${JSON.stringify(value, null, 2)}\n`),
    note: (line) => {
      if (!options.quiet && !options.json) stderr.write(`${line}\n`);
    },
    error: (line) => void stderr.write(`${line}\n`),
    writeError: (text) => void stderr.write(text),
  };
}

/** Whether text written to a stream should be coloured. */
export function wantsColor(
  stream: Pick<WriteStream, 'isTTY'> | { isTTY?: boolean },
  option: boolean,
  env: Readonly<Record<string, string | undefined>>,
): boolean {
  if (!option) return false;
  // The convention of no-color.org: present and not empty.
  if (env.NO_COLOR !== undefined && env.NO_COLOR !== '') return false;
  if (env.FORCE_COLOR !== undefined && env.FORCE_COLOR !== '') return env.FORCE_COLOR !== '0';
  if (env.TERM === 'dumb') return false;
  return stream.isTTY === true;
}

function painter(on: boolean): Paint {
  if (!on) return (_style, text) => text;
  return (style, text) => styleText(style as Parameters<typeof styleText>[0], text, { validateStream: false });
}
