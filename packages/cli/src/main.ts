/**
 * The `toprung` command: reads the command line, loads the one command that is asked for, and turns whatever is thrown
 * into a message and an exit code.
 *
 * `--version` and `--help` load neither the native core nor, except for the help of `simulate`, the library.
 */
import yargs, { type Argv } from 'yargs';
import {
  type CommandName,
  type CommandSpec,
  checkOptions,
  commandOf,
  globalOptions,
  type OptionSpec,
} from './command-line.js';
import { showError, usageError } from './errors.js';
import { ExitCode } from './exit-codes.js';
import { processTerminal, type Terminal } from './terminal.js';
import { version } from './version.js';

/** Parsed arguments of a command. */
export type Arguments = Readonly<Record<string, unknown>>;

/** A command's module: what it takes, and how it runs. Loaded when the command is asked for. */
export interface CommandModule {
  /** The command as data; asynchronous, since `simulate` takes its options from the library's schema. */
  spec(): CommandSpec | Promise<CommandSpec>;
  run(args: Arguments, terminal: Terminal): Promise<ExitCode>;
}

const modules: Readonly<Record<CommandName, () => Promise<CommandModule>>> = {
  simulate: () => import('./commands/simulate.js'),
  dashboard: () => import('./commands/dashboard.js'),
  replay: () => import('./commands/replay.js'),
  profile: () => import('./commands/profile.js'),
  trace: () => import('./commands/trace.js'),
  validate: () => import('./commands/validate.js'),
  calibrate: () => import('./commands/calibrate.js'),
  report: () => import('./commands/report.js'),
  bench: () => import('./commands/bench.js'),
  export: () => import('./commands/export.js'),
  query: () => import('./commands/query.js'),
  journal: () => import('./commands/journal.js'),
  scenarios: () => import('./commands/scenarios.js'),
  verify: () => import('./commands/verify.js'),
  policies: () => import('./commands/policies.js'),
  orders: () => import('./commands/orders.js'),
  doctor: () => import('./commands/doctor.js'),
};

const summaries: Readonly<Record<CommandName, string>> = {
  simulate: 'Simulate a market and print what happened',
  dashboard: 'Watch and control simulations in the browser',
  replay: 'Replay an exchange day and compare every fill with what the exchange did',
  profile: 'Show where the time of a scenario’s orders goes: trace, report, flame graph',
  trace: 'Record, capture, analyze, compare, export or verify a trace',
  validate: 'Score how real a market looks beside a recorded day',
  calibrate: 'Fit a flow model to a recorded day',
  report: 'Make a report of a run that was kept, alone or against another',
  bench: 'Make a report of benchmark results: our records, criterion, vitest',
  export: 'Write what happened in a run: Parquet, Arrow, NDJSON or LOBSTER files',
  query: 'Ask SQL of what a run wrote (needs DuckDB)',
  journal: 'Inspect, verify or recover the journal of a book or a venue',
  scenarios: 'List the scenarios, show one, run it, or check it over many seeds',
  verify: 'Run a scenario on several numbers of threads and compare the digests',
  policies: 'List the matching policies, or compare what each allocates of one level',
  orders: 'Show which orders a venue takes: type, time in force and phase',
  doctor: 'Check this machine: addon, CPU, clock, folders',
};

/** Runs the command. Sets `process.exitCode`; never throws. */
export async function main(args: readonly string[]): Promise<void> {
  const terminal = processTerminal({
    json: args.includes('--json'),
    quiet: args.includes('--quiet'),
    color: !args.includes('--no-color') && !args.includes('--color=false'),
    verbose: args.includes('--verbose'),
  });
  // A closed pipe (`toprung … | head`) ends the command quietly, as it does for other tools.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
  try {
    process.exitCode = await dispatch(args, terminal);
  } catch (error) {
    process.exitCode = showError(terminal, error);
  }
}

async function dispatch(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  if (args[0] === '--version' || args[0] === '-V') {
    terminal.print(version());
    return ExitCode.ok;
  }
  // `toprung help simulate` is `toprung simulate --help`.
  if (args[0] === 'help') return dispatch([...args.slice(1), '--help'], terminal);
  const name = commandOf(args);
  const beforeDashes = args.includes('--') ? args.slice(0, args.indexOf('--')) : args;
  const wantsHelp = beforeDashes.includes('--help') || beforeDashes.includes('-h');
  if (name === undefined) {
    const options = {
      ...globalOptions,
      version: { type: 'boolean', describe: 'Show the version', group: 'Output' },
    } as const;
    checkOptions(
      args.filter((arg) => arg !== '-h'),
      '',
      options,
    );
    const help = await rootHelp();
    if (wantsHelp) terminal.print(help);
    else terminal.error(help);
    return wantsHelp ? ExitCode.ok : ExitCode.usage;
  }
  const command = await modules[name]();
  const spec = await command.spec();
  const known = { ...spec.options, ...globalOptions };
  checkOptions(
    args.filter((arg) => arg !== '-h'),
    name,
    known,
  );
  if (wantsHelp) {
    terminal.print(await commandHelp(spec));
    return ExitCode.ok;
  }
  const dashes = spec.takesCommand === true ? args.indexOf('--') : -1;
  const own = dashes < 0 ? args : args.slice(0, dashes);
  const parsed = await parser(spec)
    .fail((message, error) => {
      throw error ?? usageError(message, [`\`toprung ${name} --help\` shows how it is used`]);
    })
    .parseAsync([...own]);
  return command.run(dashes < 0 ? parsed : { ...parsed, command: args.slice(dashes + 1) }, terminal);
}

/** A yargs parser for one command. */
function parser(spec: CommandSpec): Argv {
  const command = yargs([])
    .scriptName('toprung')
    .command(`${spec.name} ${spec.usage}`.trim(), spec.summary, (inner) => configure(inner, spec, false))
    .demandCommand(1)
    .strict()
    .help(false)
    .version(false)
    .exitProcess(false)
    .showHelpOnFail(false);
  return command.parserConfiguration({
    'dot-notation': false,
    'camel-case-expansion': false,
    'greedy-arrays': false,
    'parse-numbers': false,
    'parse-positional-numbers': false,
  });
}

/** Declares a command's arguments, to be parsed or to be shown. */
function configure(inner: Argv, spec: CommandSpec, show: boolean): Argv {
  for (const [name, { describe, choices }] of Object.entries(spec.positionals)) {
    inner.positional(name, { describe, type: 'string', ...(choices === undefined ? {} : { choices: [...choices] }) });
  }
  for (const [name, option] of Object.entries({ ...spec.options, ...globalOptions })) {
    inner.option(name, {
      ...yargsOption(option),
      ...(show && option.shownType !== undefined ? { type: option.shownType } : {}),
    });
  }
  for (const [command, what] of spec.examples) inner.example(`$0 ${command}`, what);
  return inner;
}

function yargsOption({ describe, type, group, choices, defaultDescription, requiresArg, default: value }: OptionSpec) {
  return {
    describe,
    type,
    ...(group === undefined ? {} : { group: `${group}:` }),
    ...(choices === undefined || choices.length === 0 ? {} : { choices: [...choices] }),
    ...(defaultDescription === undefined ? {} : { defaultDescription }),
    ...(value === undefined ? {} : { default: value }),
    ...(requiresArg === undefined ? {} : { requiresArg }),
  };
}

async function commandHelp(spec: CommandSpec): Promise<string> {
  const help = yargs([])
    .scriptName('toprung')
    .usage(`${spec.summary}\n\nUsage: $0 ${spec.name} ${spec.usage} [options]`.replace(/ +/g, ' '))
    .help(false)
    .version(false)
    .wrap(helpWidth());
  return configure(help, spec, true).getHelp();
}

async function rootHelp(): Promise<string> {
  let help = yargs([])
    .scriptName('toprung')
    .usage(
      'toprung simulates limit-order-book markets, at millions of orders per second.\n\nUsage: $0 <command> [options]',
    )
    .help(false)
    .version(false)
    .wrap(helpWidth());
  for (const [name, summary] of Object.entries(summaries)) help = help.command(name, summary);
  for (const [name, option] of Object.entries(globalOptions)) help.option(name, yargsOption(option));
  return help
    .option('version', { type: 'boolean', describe: 'Show the version', group: 'Output:' })
    .example('$0 simulate', 'a market of zero-intelligence traders, and a summary')
    .example('$0 simulate --books 100 --seed 7 --json', 'a hundred books; the result as JSON')
    .example('$0 replay day.replay.csv.zst --verify', 'every fill of the day, checked')
    .example('$0 simulate --out runs/a', 'keep a run; then `toprung report runs/a`')
    .epilogue(
      'Exit codes: 0 done, 1 a fault of toprung, 2 wrong command line, 3 invalid configuration or data,\n' +
        '4 differs from the recording, journal or threshold, 5 not deterministic, 130 interrupted.',
    )
    .getHelp();
}

function helpWidth(): number {
  return Math.min(process.stdout.columns ?? 100, 110);
}
