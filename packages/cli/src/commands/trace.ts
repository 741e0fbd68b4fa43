/** `toprung trace`: traces made, read, compared and passed on. */
import path from 'node:path';
import { type CaptureOptions, EXPORT_FORMATS, type TraceAnalysis, trace } from 'toprung';
import type { CommandSpec, OptionSpec } from '../command-line.js';
import { CliError, usageError } from '../errors.js';
import { ExitCode } from '../exit-codes.js';
import { listenForInterrupt } from '../interrupt.js';
import type { Arguments } from '../main.js';
import { writeWhole } from '../output-folder.js';
import { startProgress } from '../progress.js';
import {
  defined,
  durationNs,
  type Input,
  numberOption,
  recordOptions,
  recordOptionsFrom,
  runOptions,
} from '../record-options.js';
import { callPrefix } from '../rerun.js';
import type { Terminal } from '../terminal.js';
import { analysisLines, captureLines, diffLines, printDoctor, recordLines } from '../trace-summary.js';
import { findAnyScenario } from './scenarios.js';

const option = (describe: string, group: string, more: Partial<OptionSpec> = {}): OptionSpec => ({
  type: 'string',
  describe,
  group,
  requiresArg: true,
  ...more,
});

export function spec(): CommandSpec {
  return {
    name: 'trace',
    usage: '<action> [what] [other]',
    summary: 'Record, capture, analyze, compare, export or verify a trace',
    positionals: {
      action: {
        describe:
          'doctor: what works here. record: a scenario by the flight recorder. capture: a scenario, process or ' +
          'command by the best tool. analyze, diff, export, verify: trace files',
        choices: ['doctor', 'record', 'capture', 'analyze', 'diff', 'export', 'verify'],
      },
      what: { describe: 'A scenario (record, capture) or a trace file' },
      other: { describe: 'The second trace (diff)' },
    },
    options: {
      out: option('The trace that is written (record, capture), the export, or the flame graph of a diff', 'Files'),
      report: option('Write the analysis or the comparison as Markdown, too', 'Files'),
      ...runOptions,
      journal: option('The journal of a book to record instead of a scenario (record)', 'Run'),
      day: option('A replay file or LOBSTER day to record instead of a scenario (record)', 'Run'),
      ...recordOptions,
      mode: option('How to capture', 'Capture', {
        choices: ['auto', 'intel-pt', 'sampling', 'flight-recorder'],
        defaultDescription: 'auto',
      }),
      pid: option('A process to capture', 'Capture', { shownType: 'number' }),
      tid: option('One thread of it', 'Capture', { shownType: 'number' }),
      trigger: option('magic-trace’s trigger: `.`, a symbol, addr:0x…', 'Capture'),
      timeout: option('Longest capture: 10s', 'Capture', { defaultDescription: '30s' }),
      frequency: option('Samples per second', 'Capture', { shownType: 'number', defaultDescription: '1999' }),
      'call-graph': option('How samples find callers', 'Capture', {
        choices: ['dwarf', 'fp'],
        defaultDescription: 'dwarf',
      }),
      'work-dir': option('Keep the tools’ own files in this folder', 'Capture'),
      roots: option('Names of the spans that are orders: a,b', 'Analysis'),
      show: option('How many of the slowest orders are shown', 'Analysis', {
        shownType: 'number',
        defaultDescription: '5',
      }),
      'analysis-seed': option('Seed of the intervals', 'Analysis', { shownType: 'number', defaultDescription: '1' }),
      format: option('What to export', 'Export', { choices: EXPORT_FORMATS }),
      order: option('Only this order and 50 µs around it', 'Export', { shownType: 'number' }),
      'orders-only': { type: 'boolean', describe: 'Of svg and collapsed: orders alone', group: 'Export' },
      from: option('From so long after the first event: 2ms', 'Export'),
      to: option('To so long after the first event', 'Export'),
    },
    takesCommand: true,
    examples: [
      ['trace doctor', 'magic-trace, perf, flight recorder: what works on this machine, and why'],
      ['trace record zi-baseline --latency-over 20us --out slow.fxt.gz', 'orders over 20 µs, run again in full detail'],
      ['trace capture --out node.perf --timeout 5s -- node app.js', 'a command, by magic-trace or perf'],
      ['trace analyze slow.fxt.gz --report slow.md', 'where the time goes, and why the slow orders are slow'],
      [
        'trace diff before.fxt.gz after.fxt.gz --out diff.svg',
        'exit code 4 if orders became slower; where, as a picture',
      ],
      ['trace export slow.fxt.gz --format svg --out flame.svg', 'a flame graph'],
    ],
  };
}

type Action = (args: Arguments, terminal: Terminal) => Promise<ExitCode>;

const actions: Readonly<Record<string, Action>> = {
  doctor: async (_args, terminal) => {
    const found = await trace.doctor();
    if (terminal.options.json) terminal.printJson({ schema: 'toprung.trace.doctor/1', ...found });
    else printDoctor(terminal, found);
    return ExitCode.ok;
  },
  record,
  capture,
  analyze,
  diff,
  export: exportTo,
  verify,
};

export async function run(args: Arguments, terminal: Terminal): Promise<ExitCode> {
  return await actions[String(args.action)]!(args, terminal);
}

async function record(args: Arguments, terminal: Terminal): Promise<ExitCode> {
  const input = recorded(args);
  const output = word(args, 'out');
  const options = { ...recordOptionsFrom(input, args), output: output ?? null };
  const name = Object.values(input).join();
  const report = await watched(terminal, `recording ${name}`, (watch) => trace.record({ ...options, ...watch }));
  if (terminal.options.json) terminal.printJson({ schema: 'toprung.trace.record/1', ...input, ...report });
  else for (const line of recordLines(terminal.paint, report)) terminal.print(line);
  if (output !== undefined) terminal.note(`written to ${output}; ${callPrefix()} trace analyze ${output}`);
  return ExitCode.ok;
}

/** One of: a scenario, a journal, a recorded day. */
function recorded(args: Arguments): Input {
  const input = defined({ scenario: word(args, 'what'), journal: word(args, 'journal'), day: word(args, 'day') });
  const given = Object.keys(input).length;
  if (given > 1) throw usageError(`trace record takes one of a scenario, --journal and --day, got ${given} of them`);
  return given === 1 && input.scenario === undefined ? input : { scenario: findAnyScenario(input.scenario).name };
}

async function capture(args: Arguments, terminal: Terminal): Promise<ExitCode> {
  const out = required(args, 'out', 'the trace to be written');
  const options = defined({
    target: target(args),
    out,
    mode: word(args, 'mode'),
    trigger: word(args, 'trigger'),
    timeoutMs: args.timeout === undefined ? undefined : Math.ceil(durationNs('timeout', args.timeout) / 1e6),
    frequency: numberOption(args, 'frequency'),
    callGraph: word(args, 'call-graph'),
    workDir: word(args, 'work-dir'),
  }) as CaptureOptions;
  const done = await watched(terminal, 'capturing', (watch) =>
    trace.capture({
      ...options,
      ...watch,
      onState: (state) => terminal.options.verbose && terminal.note(`state: ${state}`),
    }),
  );
  if (terminal.options.json) terminal.printJson(done);
  else for (const line of captureLines(terminal.paint, done)) terminal.print(line);
  terminal.note(`written to ${out} and ${out}.json; ${callPrefix()} trace analyze ${out}`);
  return ExitCode.ok;
}

/** One of: a scenario, a process, a command behind `--`. */
function target(args: Arguments): CaptureOptions['target'] {
  const command = args.command as string[] | undefined;
  const [scenario, pid] = [word(args, 'what'), numberOption(args, 'pid')];
  const given = [scenario, pid, command].filter((x) => x !== undefined).length;
  if (given !== 1) {
    throw usageError(`trace capture takes one of a scenario, --pid and a command behind --, got ${given} of them`, [
      'toprung trace capture zi-baseline --out t.fxt.gz',
      'toprung trace capture --out t.perf -- ./program',
    ]);
  }
  if (scenario !== undefined) return { run: recordOptionsFrom({ scenario: findAnyScenario(scenario).name }, args) };
  if (pid !== undefined) return defined({ pid, tid: numberOption(args, 'tid') }) as CaptureOptions['target'];
  if (command!.length === 0) throw usageError('trace capture: a command is missing behind --');
  return { command: command as [string, ...string[]] };
}

async function analyze(args: Arguments, terminal: Terminal): Promise<ExitCode> {
  const file = required(args, 'what', 'a trace file');
  const shown = numberOption(args, 'show') ?? 5;
  const found = await trace.analyze(file, analysisOptions(args, Math.max(shown, 10)));
  writeReport(args, terminal, () => trace.report(found, `Trace ${path.basename(file)}`));
  if (terminal.options.json) terminal.printJson({ schema: 'toprung.trace.analysis/1', file, ...found });
  else printAnalysis(terminal, found, shown);
  return ExitCode.ok;
}

/** The analysis, line by line. */
export function printAnalysis(terminal: Terminal, found: TraceAnalysis, slowShown: number): void {
  for (const line of analysisLines(terminal.paint, found, slowShown)) terminal.print(line);
}

async function diff(args: Arguments, terminal: Terminal): Promise<ExitCode> {
  const [a, b] = [required(args, 'what', 'the first trace'), required(args, 'other', 'the second trace')];
  const { slowest: _, ...options } = analysisOptions(args, 1);
  const found = await trace.diff(a, b, options);
  writeReport(args, terminal, () => trace.diffReport(found, a, b));
  const out = word(args, 'out');
  if (out !== undefined) {
    const title = `${path.basename(b)} against ${path.basename(a)}`;
    await trace.exportTo(b, out, { format: 'svg', against: a, title });
    terminal.note(`differential flame graph written to ${out}`);
  }
  if (terminal.options.json) terminal.printJson({ schema: 'toprung.trace.diff/1', a, b, ...found });
  else for (const line of diffLines(terminal.paint, found)) terminal.print(line);
  return found.verdict === 'regress' ? ExitCode.differs : ExitCode.ok;
}

function analysisOptions(args: Arguments, slowest: number) {
  const roots = word(args, 'roots')?.split(',');
  return { slowest, ...defined({ roots, seed: numberOption(args, 'analysis-seed') }) };
}

async function exportTo(args: Arguments, terminal: Terminal): Promise<ExitCode> {
  const file = required(args, 'what', 'a trace file');
  const out = required(args, 'out', 'the file to be written');
  const format = required(args, 'format', `one of ${EXPORT_FORMATS.join(', ')}`) as (typeof EXPORT_FORMATS)[number];
  const at = (name: string) => (args[name] === undefined ? undefined : durationNs(name, args[name]));
  const ordersOnly = args['orders-only'] === true ? true : undefined;
  const window = defined({ ordersOnly, order: numberOption(args, 'order'), fromNs: at('from'), toNs: at('to') });
  await trace.exportTo(file, out, { format, title: path.basename(file), ...window });
  if (terminal.options.json) terminal.printJson({ schema: 'toprung.trace.export/1', file, out, format });
  terminal.note(`written to ${out}`);
  return ExitCode.ok;
}

/** By the reader, and by a second reader that shares nothing with it. */
async function verify(args: Arguments, terminal: Terminal): Promise<ExitCode> {
  const file = required(args, 'what', 'a trace file');
  const found = await trace.verify(file);
  const second = found.format === 'fxt' ? trace.checkup(file) : null;
  const sound = found.sound && second?.sound !== false && (second === null || second.events === found.events);
  if (terminal.options.json) {
    terminal.printJson({ schema: 'toprung.trace.verify/1', file, ...found, sound, second });
  } else {
    const { paint } = terminal;
    terminal.print(
      `${paint('bold', file)}  ${found.format}, ${found.events} events, ${found.spans} spans, depth ${found.depthMax}`,
    );
    if (second !== null)
      terminal.print(`  second reader: ${second.records} records, ${second.events} events, ${second.spans} spans`);
    for (const problem of [...found.problems, ...(second?.problems ?? [])])
      terminal.print(`${paint('red', 'problem')}: ${problem}`);
    if (sound) terminal.print(`${paint('green', 'sound')}${second === null ? '' : ': both readers agree'}`);
  }
  return sound ? ExitCode.ok : ExitCode.differs;
}

/** Runs with progress and Ctrl-C. */
export async function watched<T>(
  terminal: Terminal,
  title: string,
  work: (watch: {
    signal: AbortSignal;
    onProgress: (p: { commandsDone: number; commandsTotal: number }) => void;
  }) => Promise<T>,
): Promise<T> {
  const interrupt = listenForInterrupt(terminal);
  const progress = startProgress(terminal, title, 'orders', 0);
  try {
    return await work({
      signal: interrupt.signal,
      onProgress: ({ commandsDone, commandsTotal }) => progress.update(commandsDone, commandsTotal),
    });
  } finally {
    progress.stop();
    interrupt.release();
  }
}

function writeReport(args: Arguments, terminal: Terminal, text: () => string): void {
  const file = word(args, 'report');
  if (file === undefined) return;
  try {
    writeWhole(file, text());
  } catch (cause) {
    const message = `cannot write the report: ${(cause as Error).message}`;
    throw new CliError('ERR_TOPRUNG_OUTPUT', ExitCode.invalid, message, { where: file, cause });
  }
  terminal.note(`report written to ${file}`);
}

function word(args: Arguments, name: string): string | undefined {
  return args[name] === undefined ? undefined : String(args[name]);
}

function required(args: Arguments, name: string, what: string): string {
  const given = word(args, name);
  if (given !== undefined) return given;
  const place = ['what', 'other'].includes(name) ? '' : `--${name}: `;
  throw usageError(`trace ${args.action}: ${place}expected ${what}`, ['`toprung trace --help` shows how it is used']);
}
