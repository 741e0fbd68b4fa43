/** `toprung doctor`: what this machine is, whether the native core works on it, and what would make runs slow or fail. */
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { arch, availableParallelism, cpus, freemem, loadavg, platform, release, totalmem } from 'node:os';
import path from 'node:path';
import { nativeStatus, OrderBook } from 'toprung';
import type { CommandSpec } from '../command-line.js';
import { ExitCode } from '../exit-codes.js';
import { bytes, duration, table } from '../format.js';
import type { Arguments } from '../main.js';
import type { Style, Terminal } from '../terminal.js';
import { version } from '../version.js';

/** One finding. `fail` is what keeps toprung from working; `warn` is what makes results slow or uneven. */
export interface Finding {
  readonly check: string;
  readonly status: 'ok' | 'warn' | 'fail';
  readonly found: string;
  /** What to do about it. */
  readonly fix?: string;
}

export function spec(): CommandSpec {
  return {
    name: 'doctor',
    usage: '',
    summary: 'Check this machine: addon, CPU, clock, folders',
    positionals: {},
    options: {
      out: {
        type: 'string',
        describe: 'The folder that results will be written to',
        defaultDescription: 'this folder',
      },
    },
    examples: [
      ['doctor', 'what was found, and what to do about it'],
      ['doctor --json', 'the same for a bug report'],
    ],
  };
}

export async function run(args: Arguments, terminal: Terminal): Promise<ExitCode> {
  const findings = [
    toprung(),
    machine(),
    node(),
    ...core(),
    processor(),
    load(),
    governor(),
    memory(),
    clock(),
    output(args.out),
  ].filter((finding) => finding !== undefined);
  const failed = findings.some(({ status }) => status === 'fail');
  if (terminal.options.json) terminal.printJson({ schema: 'toprung.doctor/1', ok: !failed, findings });
  else print(terminal, findings);
  return failed ? ExitCode.internal : ExitCode.ok;
}

function print(terminal: Terminal, findings: readonly Finding[]): void {
  const styles: Record<Finding['status'], Style> = { ok: 'green', warn: 'yellow', fail: 'red' };
  const rows = table(findings.map(({ check, found }) => [check, found]));
  findings.forEach(({ status, fix }, i) => {
    terminal.print(`${terminal.paint(styles[status], status.padEnd(4))}  ${rows[i]}`);
    if (fix !== undefined) terminal.print(`      ${terminal.paint('dim', 'fix')}  ${fix}`);
  });
}

/** Command and library are released together; a mixture was installed by accident. */
function toprung(): Finding {
  const library = manifestVersion(createRequire(import.meta.url).resolve('toprung/package.json'));
  const found = `command ${version()}, library ${library}`;
  if (library === version()) return { check: 'toprung', status: 'ok', found };
  return { check: 'toprung', status: 'warn', found, fix: 'install the same version of toprung and @toprung/cli' };
}

function manifestVersion(file: string): string {
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

function machine(): Finding {
  return { check: 'machine', status: 'ok', found: `${platform()} ${release()} ${arch()}${glibc()}` };
}

function glibc(): string {
  const header = processReport().header as { glibcVersionRuntime?: string } | undefined;
  return header?.glibcVersionRuntime === undefined ? '' : `, glibc ${header.glibcVersionRuntime}`;
}

function node(): Finding {
  return { check: 'node', status: 'ok', found: `${process.version} (Node-API ${process.versions.napi})` };
}

/** Whether the addon loads, from where, and whether it matches. */
function core(): Finding[] {
  const status = nativeStatus();
  if (!status.loaded) {
    return [
      {
        check: 'native core',
        status: 'fail',
        found: 'could not be loaded',
        fix: status.error?.message ?? status.package,
      },
    ];
  }
  const file = (processReport().sharedObjects ?? []).find(
    (object) => object.endsWith('.node') && /toprung/.test(object),
  );
  // An addon from a platform package has that package's version; one built in a checkout has none of its own.
  const manifest = path.join(path.dirname(file ?? '.'), 'package.json');
  const installed = existsSync(manifest) ? ` (${manifestVersion(manifest)})` : '';
  const found = `loaded from ${file ?? status.package}${installed}`;
  try {
    const book = new OrderBook();
    book.limit(1, 'sell', 100, 1);
    const traded = book.limit(2, 'buy', 100, 1).some((event) => event.kind === 'trade');
    const check = {
      check: 'matching',
      status: traded ? 'ok' : 'fail',
      found: traded ? 'two orders trade' : 'two orders do not trade',
    };
    return [{ check: 'native core', status: 'ok', found }, check as Finding];
  } catch (error) {
    return [{ check: 'native core', status: 'fail', found, fix: (error as Error).message }];
  }
}

function processor(): Finding {
  const all = cpus();
  return { check: 'processor', status: 'ok', found: `${all.length} × ${all[0]?.model.trim() ?? 'unknown'}` };
}

/** Work of others makes every figure worse. */
function load(): Finding | undefined {
  const [minute = 0] = loadavg();
  if (minute === 0) return undefined;
  const found = `load ${minute.toFixed(1)} on ${availableParallelism()} cores`;
  if (minute < availableParallelism() / 2) return { check: 'load', status: 'ok', found };
  return {
    check: 'load',
    status: 'warn',
    found: `${found}: other work is running`,
    fix: 'measure when the machine is idle',
  };
}

/** On Linux the clock rate may be held down to save power. */
function governor(): Finding | undefined {
  const file = '/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor';
  if (!existsSync(file)) return undefined;
  const found = readFileSync(file, 'utf8').trim();
  if (found === 'performance') return { check: 'cpu governor', status: 'ok', found };
  return {
    check: 'cpu governor',
    status: 'warn',
    found: `${found}: speeds measured here will vary`,
    fix: 'sudo cpupower frequency-set -g performance',
  };
}

function memory(): Finding {
  const found = `${bytes(totalmem())}, ${bytes(freemem())} free`;
  return { check: 'memory', status: freemem() < 2 ** 28 ? 'warn' : 'ok', found };
}

/** What one reading of the clock costs: every latency that is measured contains it. */
function clock(): Finding {
  const readings = 20_000;
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 5; round++) {
    const began = process.hrtime.bigint();
    for (let i = 0; i < readings; i++) process.hrtime.bigint();
    least = Math.min(least, Number(process.hrtime.bigint() - began) / readings);
  }
  const source = '/sys/devices/system/clocksource/clocksource0/current_clocksource';
  const name = existsSync(source) ? readFileSync(source, 'utf8').trim() : undefined;
  const slow = name === 'hpet' || name === 'acpi_pm';
  return {
    check: 'clock',
    status: slow ? 'warn' : 'ok',
    found: `${duration(least)} per reading from JavaScript${name === undefined ? '' : ` (source ${name})`}`,
    ...(slow ? { fix: `the ${name} clock is slow; boot with clocksource=tsc if the processor allows it` } : {}),
  };
}

function output(out: unknown): Finding {
  const folder = path.resolve(typeof out === 'string' ? out : '.');
  // What does not exist yet can be made if its nearest existing parent can be written to.
  let existing = folder;
  while (!existsSync(existing)) existing = path.dirname(existing);
  try {
    accessSync(existing, constants.W_OK);
    return { check: 'output', status: 'ok', found: `${folder} can be written to` };
  } catch {
    return {
      check: 'output',
      status: 'fail',
      found: `${folder} cannot be written to`,
      fix: 'choose another with --out',
    };
  }
}

function processReport(): { header?: unknown; sharedObjects?: string[] } {
  return (process.report?.getReport() ?? {}) as { header?: unknown; sharedObjects?: string[] };
}
