/** `toprung replay`: an exchange day through the book; every fill and every checkpoint compared with the recording. */
import path from 'node:path';
import {
  AbortError,
  configJsonSchema,
  type DatasetOptionsInput,
  type ReplayOptionsInput,
  type ReplayReport,
  replay,
} from 'toprung';
import type { CommandSpec, OptionSpec } from '../command-line.js';
import { parseNumber } from '../config-input.js';
import { environment } from '../environment.js';
import { usageError } from '../errors.js';
import { ExitCode } from '../exit-codes.js';
import { compact, duration, integer, table } from '../format.js';
import { listenForInterrupt } from '../interrupt.js';
import { latencyTable } from '../latency-table.js';
import type { Arguments } from '../main.js';
import { startProgress } from '../progress.js';
import { callPrefix } from '../rerun.js';
import { dataFolder, finishRun, prepareRun, type ReplayDocument, tablesFrom } from '../run-folder.js';
import { type SettingOption, settingOptions } from '../schema-options.js';
import type { Terminal } from '../terminal.js';
import { Timeline } from '../timeline.js';
import { version } from '../version.js';

export function spec(): CommandSpec {
  const options: Record<string, OptionSpec> = {
    verify: {
      type: 'boolean',
      describe: 'Exit with 4 if anything differs from the recording, and show where',
      group: 'Replay',
    },
  };
  options.out = {
    type: 'string',
    describe: 'Keep the replay in this folder: options, report, and tables in data/',
    group: 'Replay',
    requiresArg: true,
  };
  options.tables = {
    type: 'string',
    describe: 'With --out: which tables (orders, trades, l2, l1, depth), all, or small (the last two)',
    group: 'Replay',
    defaultDescription: 'small',
    requiresArg: true,
  };
  for (const setting of settings()) {
    options[setting.name] = {
      type: 'string',
      describe: setting.description,
      group: 'Reading',
      choices: setting.choices,
      requiresArg: true,
      ...(setting.kind === 'number' ? { shownType: 'number' } : {}),
      ...(setting.default === undefined ? {} : { defaultDescription: String(setting.default) }),
    };
  }
  return {
    name: 'replay',
    usage: '<file>',
    summary: 'Replay an exchange day and compare every fill with what the exchange did',
    positionals: { file: { describe: 'A .replay.csv(.zst), or a LOBSTER day (.zip, or its message .csv)' } },
    options,
    examples: [
      ['replay goog_2012-06-21_L10.replay.csv.zst --verify', 'a NASDAQ day: every fill and checkpoint'],
      ['replay LOBSTER_SampleFile_GOOG_2012-06-21_10.zip', 'the same day as LOBSTER sells it'],
      ['replay day.replay.csv --verify --json', 'the report as JSON; exit code 4 if something differs'],
    ],
  };
}

export async function run(args: Arguments, terminal: Terminal): Promise<ExitCode> {
  const file = String(args.file);
  const options = optionsFrom(args);
  const out = typeof args.out === 'string' ? args.out : undefined;
  const record = recordFrom(args, options);
  // Before the run, so that a folder that cannot be written to does not cost the run.
  if (out !== undefined) prepareRun(out, { file: path.resolve(file), options });
  const timeline = new Timeline();
  const interrupt = listenForInterrupt(terminal);
  const progress = startProgress(terminal, 'replaying', '', 0);
  let report: ReplayReport;
  try {
    report = await replay(file, {
      ...options,
      signal: interrupt.signal,
      record,
      onProgress: ({ done, total }) => {
        progress.update(done, total);
        timeline.note(done);
      },
    });
  } catch (error) {
    // There is no such thing as half a verification: an interrupted replay only says so.
    if (!(error instanceof AbortError)) throw error;
    progress.stop();
    terminal.error('partial: the replay was interrupted; nothing is verified');
    return ExitCode.interrupted;
  } finally {
    progress.stop();
    interrupt.release();
  }
  const differs = !report.agrees;
  const document: ReplayDocument = { schema: 'toprung.replay/1', file, ...report };
  if (out !== undefined) {
    const date = new Date().toISOString();
    const record = { date, version: version(), environment: environment(), timeline: timeline.points };
    finishRun(out, { ...document, ...record });
  }
  if (terminal.options.json) terminal.printJson(document);
  else print(terminal, file, report, args.verify === true);
  if (out !== undefined) terminal.note(`Kept in ${out}; next: ${callPrefix()} report ${out}`);
  return differs && args.verify === true ? ExitCode.differs : ExitCode.ok;
}

function settings(): SettingOption[] {
  return settingOptions(configJsonSchema('replay'));
}

function optionsFrom(args: Arguments): ReplayOptionsInput {
  const options: Record<string, unknown> = {};
  for (const { name, path, kind } of settings()) {
    const typed = args[name];
    if (typed === undefined) continue;
    const value = kind === 'number' ? parseNumber(String(typed)) : typed;
    if (value === undefined) throw usageError(`--${name}: expected a number, got "${String(typed)}"`);
    options[path[0]!] = value;
  }
  return options as ReplayOptionsInput;
}

/** The dataset that `--out` asks for. */
function recordFrom(args: Arguments, { tickUnits }: ReplayOptionsInput): DatasetOptionsInput | undefined {
  if (typeof args.out !== 'string') {
    if (args.tables !== undefined) throw usageError('--tables: there is nowhere to write them', ['add --out DIR']);
    return undefined;
  }
  const tables = tablesFrom(String(args.tables ?? 'small'));
  return { folder: dataFolder(args.out), tables, ...(tickUnits === undefined ? {} : { tickUnits }) };
}

function print(terminal: Terminal, file: string, report: ReplayReport, verify: boolean): void {
  const { paint } = terminal;
  const { records, aggressive, checkpoints, fills, volume, unexpected, restingOrders, elapsedNs } = report;
  const perSecond = (records / elapsedNs) * 1e9;
  terminal.print(`${paint('bold', file)}  ${timeOfDay(report.firstTimeNs)} to ${timeOfDay(report.lastTimeNs)}`);
  const rows = table(
    [
      ['records', integer(records), `in ${duration(elapsedNs)}, ${compact(perSecond)}/s with reading`],
      ['aggressive', integer(aggressive.total), `${integer(aggressive.equal)} with exactly the exchange's fills`],
      ['checkpoints', integer(checkpoints.total), `${integer(checkpoints.equal)} equal to the book`],
      ['fills', integer(fills), `${integer(volume)} lots`],
      ['resting', integer(restingOrders), `orders on ${report.bidLevels} bid and ${report.askLevels} ask levels`],
    ],
    new Set([1]),
  );
  for (const row of rows) terminal.print(`  ${row}`);
  const touch = [report.bestBid, report.bestAsk].map((level) =>
    level ? `${integer(level.qty)} at ${integer(level.price)}` : 'none',
  );
  terminal.print(`  best bid ${touch[0]}, best ask ${touch[1]} (ticks)`);
  for (const line of latencyTable(report.latencyByKind, 'one command in 64 was timed')) terminal.print(line);
  terminal.print(`  digest ${report.digest}`);
  if (report.agrees) {
    const checked = [
      aggressive.total > 0 ? `all ${integer(aggressive.total)} aggressive orders got exactly the exchange's fills` : '',
      checkpoints.total > 0 ? `all ${integer(checkpoints.total)} checkpoints are equal` : '',
    ].filter((text) => text !== '');
    terminal.print(`${paint('green', 'agrees')}: ${checked.join(', ') || 'there was nothing to compare'}`);
    return;
  }
  const count = aggressive.differing + checkpoints.differing + unexpected;
  terminal.print(
    `${paint('red', 'differs')} in ${integer(count)} places${verify ? '' : ' (--verify makes this an error)'}`,
  );
  for (const difference of report.differences) {
    terminal.print(`  ${file}:${difference.line}  ${difference.kind}`);
    terminal.print(`    expected ${difference.expected}`);
    terminal.print(`    got      ${difference.got}`);
  }
  if (report.differences.length < count)
    terminal.print(`  … ${integer(count - report.differences.length)} more (--max-differences)`);
}

/** Nanoseconds since midnight, or since 1970, as a time of day. */
function timeOfDay(ns: number): string {
  const time = new Date(ns / 1e6).toISOString();
  return ns < 86_400e9 ? time.slice(11, 23) : time;
}
