/**
 * The command line as data: commands, their options and examples; and what is checked before yargs sees it, so that a
 * mistyped command or option is answered with the nearest one that exists.
 */
import { usageError } from './errors.js';
import { nearest } from './suggest.js';

/** An option of a command, in yargs's terms as far as they are used here. */
export interface OptionSpec {
  readonly describe: string;
  readonly type: 'boolean' | 'string' | 'array';
  /** What the help calls the value; numbers are parsed by the command itself (`5e6`, `20M`). */
  readonly shownType?: 'number';
  readonly group?: string;
  readonly choices?: readonly string[];
  readonly default?: unknown;
  /** Shown in `--help` as the default, where it is not a value of the option. */
  readonly defaultDescription?: string;
  readonly requiresArg?: boolean;
}

/** A command. */
export interface CommandSpec {
  readonly name: string;
  /** The arguments as they are shown and parsed: `[scenario]`, `<file>`. */
  readonly usage: string;
  readonly summary: string;
  readonly positionals: Readonly<Record<string, { readonly describe: string; readonly choices?: readonly string[] }>>;
  readonly options: Readonly<Record<string, OptionSpec>>;
  /** Whether words behind `--` are a command of their own, given as the argument `command`. */
  readonly takesCommand?: boolean;
  readonly examples: readonly (readonly [command: string, what: string])[];
}

/** Options that every command takes. */
export const globalOptions: Readonly<Record<string, OptionSpec>> = {
  json: { type: 'boolean', describe: 'Print one JSON document on stdout, errors included', group: 'Output' },
  quiet: { type: 'boolean', describe: 'No progress and no notes', group: 'Output' },
  color: {
    type: 'boolean',
    describe: 'Colour; --no-color turns it off (as NO_COLOR does)',
    group: 'Output',
    default: true,
  },
  verbose: { type: 'boolean', describe: 'Stack traces with errors', group: 'Output' },
  help: { type: 'boolean', describe: 'Show help', group: 'Output' },
};

/** The commands in the order of the help. */
export const commandNames = [
  'simulate',
  'dashboard',
  'replay',
  'report',
  'bench',
  'export',
  'query',
  'profile',
  'trace',
  'validate',
  'calibrate',
  'journal',
  'scenarios',
  'verify',
  'policies',
  'orders',
  'doctor',
] as const;

/** A command's name. */
export type CommandName = (typeof commandNames)[number];

/** The command of an argument list, or `undefined` for none; refuses a word that is no command. */
export function commandOf(args: readonly string[]): CommandName | undefined {
  const word = args.find((arg) => !arg.startsWith('-'));
  if (word === undefined) return undefined;
  const known = commandNames.find((name) => name === word);
  if (known !== undefined) return known;
  throw usageError(`unknown command: ${word}`, [suggestion(word, commandNames, '`toprung --help` lists the commands')]);
}

/** Refuses options that a command does not take. */
export function checkOptions(
  args: readonly string[],
  command: string,
  known: Readonly<Record<string, OptionSpec>>,
): void {
  const names = Object.keys(known);
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    if (arg === '--') return;
    // A negative number is a value; an option's own value is skipped with it.
    if (!arg.startsWith('-') || /^-[\d.]/.test(arg)) continue;
    const typed = arg.replace(/^--?/, '').split('=')[0]!;
    const positive = typed.startsWith('no-') && !(typed in known) ? typed.slice(3) : typed;
    const spec = known[positive];
    if (spec === undefined || (arg.startsWith('-') && !arg.startsWith('--'))) {
      const hint = suggestion(typed, names, `\`toprung ${command} --help\` lists the options`, '--');
      throw usageError(`unknown option of \`toprung ${command}\`: ${arg.split('=')[0]}`, [hint]);
    }
    if (positive !== typed && spec.type !== 'boolean') {
      throw usageError(`--${typed}: only an option that is on or off can be negated`);
    }
    if (spec.type !== 'boolean' && !arg.includes('=')) {
      i += 1;
      if (args[i] === undefined) throw usageError(`--${typed}: a value is missing`, [`--${typed} VALUE`]);
    }
  }
}

function suggestion(typed: string, known: readonly string[], otherwise: string, prefix = ''): string {
  const near = nearest(typed, known);
  return near === undefined ? otherwise : `did you mean ${prefix}${near}?`;
}
