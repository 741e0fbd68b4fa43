/**
 * `toprung profile`: where the time of a scenario's orders goes, in one command.
 *
 * Two runs of the same orders: the first, with one stamp for each order, gives the latencies; the second writes everything
 * down and gives the causes. Where Intel PT is, magic-trace then records one of the slow orders call by call.
 */
import path from 'node:path';
import { type RecordOptions, type RecordReport, type TraceAnalysis, type TraceDoctor, trace } from 'toprung';
import type { CommandSpec } from '../command-line.js';
import { CliError } from '../errors.js';
import { ExitCode } from '../exit-codes.js';
import { duration, integer } from '../format.js';
import type { Arguments } from '../main.js';
import { makeFolder, writeWhole } from '../output-folder.js';
import { recordOptionsFrom, runOptions } from '../record-options.js';
import { callPrefix } from '../rerun.js';
import type { Terminal } from '../terminal.js';
import { insightLines, slowLines } from '../trace-summary.js';
import { version } from '../version.js';
import { findAnyScenario } from './scenarios.js';
import { watched } from './trace.js';

/** Orders of a run of endless flow unless somebody says otherwise; a market of agents is run to its end. */
const EVENTS = 1_000_000;
/** Entries of the recorder that are kept: 16 MiB, tens of thousands of orders in full detail. */
const RING_ENTRIES = 2 ** 20;
const SLOWEST = 5;

export function spec(): CommandSpec {
  return {
    name: 'profile',
    usage: '<scenario>',
    summary: 'Show where the time of a scenario’s orders goes: trace, report, flame graph',
    positionals: { scenario: { describe: 'A scenario (toprung scenarios)' } },
    options: {
      out: {
        type: 'string',
        describe: 'The folder for trace.fxt.gz, report.md, flame.svg and profile.json',
        defaultDescription: 'profile-SCENARIO',
        requiresArg: true,
      },
      ...runOptions,
      events: {
        ...runOptions.events!,
        describe: `Commands to run behind the warm-up; else ${integer(EVENTS)}, of a market all`,
      },
    },
    examples: [
      ['profile zi-baseline', 'the slowest orders and why; files in profile-zi-baseline'],
      ['profile zi-baseline --plant alloc', 'the same with a fault to be found'],
    ],
  };
}

export async function run(args: Arguments, terminal: Terminal): Promise<ExitCode> {
  const scenario = findAnyScenario(args.scenario as string);
  const { name } = scenario;
  const folder = typeof args.out === 'string' ? args.out : `profile-${name}`;
  const file = (base: string) => path.join(folder, base);
  prepare(folder);
  const events = 'market' in scenario ? {} : { events: EVENTS };
  const options: RecordOptions = { ...events, every: 1, ...recordOptionsFrom({ scenario: name }, args) };
  const began = Date.now();
  const doctor = await trace.doctor();

  const plain = await watched(terminal, `timing ${name}`, (watch) =>
    trace.record({ ...options, level: 'order', ...watch }),
  );
  const full = await watched(terminal, `recording ${name}`, (watch) =>
    trace.record({
      ...options,
      level: 'everything',
      ringEntries: RING_ENTRIES,
      output: file('trace.fxt.gz'),
      ...watch,
    }),
  );
  const analysis = await trace.analyze(file('trace.fxt.gz'));
  const second = trace.checkup(file('trace.fxt.gz'));
  const title = `${name}: where the time of an order goes`;
  await trace.exportTo(file('trace.fxt.gz'), file('flame.svg'), { format: 'svg', title, ordersOnly: true });
  const magic =
    doctor.mode === 'intel-pt' ? await magicTrace(options, plain, file('magic-trace.fxt.gz'), terminal) : null;
  const facts = factLines(doctor, plain, full, analysis);
  const document = {
    schema: 'toprung.profile/1',
    scenario: name,
    version: version(),
    options,
    doctor: { mode: doctor.mode, why: doctor.why },
    plain,
    full: { ...full, intervals: undefined },
    check: { sound: second.sound, events: second.events, problems: second.problems },
    magic,
    analysis,
    elapsedMs: Date.now() - began,
  };
  writeWhole(file('report.md'), trace.report(analysis, title, facts));
  writeWhole(file('profile.json'), `${JSON.stringify(document, null, 2)}\n`);

  if (terminal.options.json) terminal.printJson(document);
  else print(terminal, title, facts, analysis, second.sound ? [] : second.problems);
  terminal.note(
    `written to ${folder}: report.md, flame.svg, trace.fxt.gz (ui.perfetto.dev, magic-trace.org), profile.json`,
  );
  terminal.note(`Next: ${callPrefix()} trace analyze ${file('trace.fxt.gz')}`);
  return second.sound ? ExitCode.ok : ExitCode.differs;
}

function prepare(folder: string): void {
  try {
    makeFolder(folder);
  } catch (cause) {
    const fix = ['choose another folder with --out'];
    throw new CliError('ERR_TOPRUNG_OUTPUT', ExitCode.invalid, `cannot make ${folder}: ${(cause as Error).message}`, {
      fix,
      cause,
    });
  }
}

/** One slow order call by call. That it does not come to one is no reason to throw the rest away. */
async function magicTrace(options: RecordOptions, plain: RecordReport, out: string, terminal: Terminal) {
  const latencyOverNs = plain.latency.find((l) => l.kind === 'all')?.p9999Ns ?? 10_000;
  const run: RecordOptions = { ...options, trigger: { latencyOverNs, hitsMax: 1 }, holdMs: 20 };
  try {
    const { hits, decodeErrors, verification } = await trace.capture({ target: { run }, mode: 'intel-pt', out });
    return { out, hits, decodeErrors, sound: verification.sound };
  } catch (error) {
    terminal.note(`magic-trace: ${(error as Error).message}`);
    return { out: null, error: (error as Error).message };
  }
}

function factLines(doctor: TraceDoctor, plain: RecordReport, full: RecordReport, analysis: TraceAnalysis): string[] {
  const all = plain.latency.find((l) => l.kind === 'all');
  const at =
    all === undefined
      ? 'not timed'
      : `p50 ${duration(all.p50Ns)}, p99 ${duration(all.p99Ns)}, p99.9 ${duration(all.p999Ns)}, longest ${duration(all.maxNs)}`;
  return [
    `made by: ${doctor.mode}; ${doctor.why}`,
    `${integer(plain.commands)} orders, every one timed: ${at} (the clock’s ${duration(plain.clockReadNs)} included)`,
    `the same orders again, the last ${integer(analysis.orders?.count ?? 0)} in full detail, which slows them: the report’s times are of this run`,
    `digest ${plain.digest}${full.digest === plain.digest ? ' both times' : `, then ${full.digest}: not the same run`}`,
  ];
}

function print(
  terminal: Terminal,
  title: string,
  facts: readonly string[],
  analysis: TraceAnalysis,
  problems: readonly string[],
): void {
  const { paint } = terminal;
  terminal.print(paint('bold', title));
  for (const fact of facts) terminal.print(`  ${fact}`);
  terminal.print('');
  for (const insight of analysis.insights) {
    for (const line of insightLines(paint, insight)) terminal.print(line);
    terminal.print('');
  }
  for (const line of slowLines(paint, analysis.slowest.slice(0, SLOWEST))) terminal.print(line);
  for (const problem of problems) terminal.print(`${paint('red', 'the trace is not sound')}: ${problem}`);
}
