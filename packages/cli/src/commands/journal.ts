/** `toprung journal`: what a journal holds, whether it is sound, and what comes out of it. */
import path from 'node:path';
import { AbortError, type JournalConfig, type JournalRunOptions, journal, type TornTail } from 'toprung';
import type { CommandSpec } from '../command-line.js';
import { ExitCode } from '../exit-codes.js';
import { bytes, compact, duration, integer, table } from '../format.js';
import { listenForInterrupt } from '../interrupt.js';
import type { Arguments } from '../main.js';
import { startProgress } from '../progress.js';
import type { Terminal } from '../terminal.js';

export function spec(): CommandSpec {
  return {
    name: 'journal',
    usage: '<action> <dir>',
    summary: 'Inspect, verify or recover the journal of a book or a venue',
    positionals: {
      action: {
        describe: 'inspect: show the files. verify: replay and compare. recover: the same, and cut a torn tail off',
        choices: ['inspect', 'verify', 'recover'],
      },
      dir: { describe: 'The folder of the journal' },
    },
    options: {},
    examples: [
      ['journal inspect DIR', 'segments, snapshots, configuration'],
      ['journal verify DIR', 'replays all of it; exit code 4 if a snapshot or a digest differs, 3 if it is damaged'],
      ['journal recover DIR --json', 'the book that comes out, as JSON'],
    ],
  };
}

export async function run(args: Arguments, terminal: Terminal): Promise<ExitCode> {
  const dir = String(args.dir);
  if (args.action === 'inspect') return await inspect(dir, terminal);
  return args.action === 'verify' ? await verify(dir, terminal) : await recover(dir, terminal);
}

async function inspect(dir: string, terminal: Terminal): Promise<ExitCode> {
  const found = await journal.inspect(dir);
  if (terminal.options.json) {
    terminal.printJson({ schema: 'toprung.journal.inspect/1', dir, ...found });
    return ExitCode.ok;
  }
  const { paint } = terminal;
  const { segments, snapshots } = found;
  const since = found.first === 0 ? '' : `, the first ${integer(found.first)} only in snapshots`;
  terminal.print(`${paint('bold', dir)}  ${integer(found.commands)} commands${since}`);
  terminal.print(`  ${configText(found.config)}`);
  terminal.print(`  format ${found.format}, engine semantics ${found.semantics}`);
  const rows = [
    ...segments.map((s) => [
      path.basename(s.file),
      bytes(s.bytes),
      `${integer(s.commands)} commands in ${integer(s.frames - s.digests)} batches, ${integer(s.digests)} digests`,
    ]),
    ...snapshots.map((s) => [path.basename(s.file), bytes(s.bytes), `${integer(s.orders)} resting orders`]),
  ];
  const shown = table(rows, new Set([1]));
  [...segments, ...snapshots].forEach(({ damage }, i) => {
    terminal.print(`  ${shown[i]}`);
    if (damage !== null) terminal.print(`    ${paint('red', 'damaged')}: ${damage}`);
  });
  if (found.torn !== null) terminal.print(`${paint('yellow', 'torn tail')}: ${tornText(found.torn)}`);
  return ExitCode.ok;
}

async function verify(dir: string, terminal: Terminal): Promise<ExitCode> {
  const found = await watched('verifying', terminal, (options) => journal.verify(dir, options));
  if (found === undefined) return ExitCode.interrupted;
  const code = found.sound ? ExitCode.ok : ExitCode.differs;
  if (terminal.options.json) {
    terminal.printJson({ schema: 'toprung.journal.verify/1', dir, ...found });
    return code;
  }
  const { paint } = terminal;
  terminal.print(`${paint('bold', dir)}  ${replayed(found.commands, found.elapsedNs)}`);
  terminal.print(`  digest ${found.digest}`);
  if (found.torn !== null)
    terminal.print(`${paint('yellow', 'torn tail')}: ${tornText(found.torn)}; recover would cut it`);
  for (const problem of found.problems) terminal.print(`${paint('red', 'problem')}: ${problem}`);
  if (found.sound) {
    terminal.print(
      `${paint('green', 'sound')}: ${integer(found.digestsChecked)} digests and ` +
        `${integer(found.snapshotsChecked)} snapshots agree`,
    );
  }
  return code;
}

async function recover(dir: string, terminal: Terminal): Promise<ExitCode> {
  const found = await watched('recovering', terminal, (options) => journal.recover(dir, options));
  if (found === undefined) return ExitCode.interrupted;
  if (terminal.options.json) {
    terminal.printJson({ schema: 'toprung.journal.recover/1', dir, ...found });
    return ExitCode.ok;
  }
  const { paint } = terminal;
  terminal.print(`${paint('bold', dir)}  ${replayed(found.commands, found.elapsedNs)}`);
  terminal.print(`  ${configText(found.config)}`);
  const from = found.snapshotUsed === null ? 'the first command' : path.basename(found.snapshotUsed);
  terminal.print(`  from ${from}, ${integer(found.segments)} segments, ${integer(found.digestsChecked)} digests agree`);
  const touch = [found.bestBid, found.bestAsk].map((level) =>
    level ? `${integer(level.qty)} at ${integer(level.price)}` : 'none',
  );
  terminal.print(
    `  ${integer(found.restingOrders)} resting orders; best bid ${touch[0]}, best ask ${touch[1]} (ticks)`,
  );
  terminal.print(`  digest ${found.digest}`);
  for (const { reason } of found.snapshotsRefused)
    terminal.print(`${paint('yellow', 'snapshot passed over')}: ${reason}`);
  if (found.cut === null) terminal.print(`${paint('green', 'whole')}: nothing was cut off`);
  else terminal.print(`${paint('yellow', 'cut off')}: ${tornText(found.cut)}`);
  return ExitCode.ok;
}

/** Carries a replay out with its progress on stderr; `undefined` if it was interrupted. */
async function watched<T>(
  what: string,
  terminal: Terminal,
  work: (options: JournalRunOptions) => Promise<T>,
): Promise<T | undefined> {
  const interrupt = listenForInterrupt(terminal);
  const progress = startProgress(terminal, what, 'bytes', 0);
  try {
    return await work({
      signal: interrupt.signal,
      onProgress: ({ bytes: done, totalBytes }) => progress.update(done, totalBytes),
    });
  } catch (error) {
    if (!(error instanceof AbortError)) throw error;
    progress.stop();
    terminal.error(`interrupted while ${what}: nothing was changed`);
    return undefined;
  } finally {
    progress.stop();
    interrupt.release();
  }
}

function replayed(commands: number, elapsedNs: number): string {
  return `${integer(commands)} commands in ${duration(elapsedNs)}, ${compact((commands / elapsedNs) * 1e9)}/s with reading`;
}

function configText(config: JournalConfig): string {
  const { instrument, venue } = config;
  const book = venue?.book ?? config.book!;
  const steps = book.policy.map(({ kind, ...parameters }) => {
    const values = Object.entries(parameters).map(([name, value]) => `${name} ${JSON.stringify(value)}`);
    return values.length === 0 ? kind : `${kind} (${values.join(', ')})`;
  });
  const of = venue === undefined ? 'book' : 'venue';
  const name = instrument === '' ? `${of} without an instrument` : `${of} of instrument ${instrument}`;
  return `${name}, policy ${steps.join(', ')}, replace ${book.replacePriority}, at most ${integer(book.maxOrders)} orders`;
}

function tornText({ file, offset, bytes: size, reason }: TornTail): string {
  return `${integer(size)} bytes at byte ${integer(offset)} of ${path.basename(file)} (${reason})`;
}
