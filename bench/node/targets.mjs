// What the project promises, measured: prints a table and keeps the figures, every round of them, in bench/record/.
//
// `node bench/node/targets.mjs [--rounds N] [--json] [--no-record]`. Rust and Node take turns on the same workload, so
// that a busy minute of the machine falls on both. A figure under its promise is marked; the exit code stays 0, since a
// shared machine's nanoseconds decide nothing: digests, allocations and instructions do that, in the tests.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { aligned, head, keep, machineLine, median, note, root, short } from './record.mjs';
import { load, loadedBook, program, submitAll } from './workload.mjs';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '7' },
    json: { type: 'boolean', default: false },
    'no-record': { type: 'boolean', default: false },
  },
});
const rounds = Number(options.rounds);
/** Rust and Node in turn on the balanced flow: million commands a second of each round. */
function boundary(targets) {
  const workload = load('balanced', 2_000_000);
  const figures = { rust: [], node: [] };
  for (let i = 0; i < rounds; i += 1) {
    const { rates } = JSON.parse(execFileSync(targets, ['1', 'balanced'], { encoding: 'utf8' }));
    figures.rust.push(rates[0].best);
    const book = loadedBook(workload);
    const began = performance.now();
    submitAll(workload, book);
    figures.node.push(workload.count / (performance.now() - began) / 1e3);
  }
  return figures;
}

/** Milliseconds of a whole command, start-up included. */
function commandMs(args) {
  const script = path.join(root, 'packages/cli/bin/toprung.js');
  return Array.from({ length: rounds }, () => {
    const began = performance.now();
    execFileSync(process.execPath, [script, ...args], { stdio: ['ignore', 'ignore', 'inherit'] });
    return performance.now() - began;
  });
}

function rows(rust, crossing, commands) {
  const rate = (name) => rust.rates.find((r) => r.name === name);
  const list = [];
  const add = (name, unit, best, typical, promise, atLeast = true) => {
    const holds = promise === undefined ? undefined : atLeast ? typical >= promise : typical <= promise;
    list.push({ name, unit, best, median: typical, promise, atLeast, holds });
  };
  const addRate = (name, promise) => {
    const r = rate(name);
    if (r) add(name, r.unit, r.best, r.median, promise);
  };
  addRate('balanced', 40);
  addRate('deep, a million orders', 20);
  const flows = rust.rates.filter((r) => r.name.startsWith('referee '));
  const worst = flows.reduce((a, b) => (b.median < a.median ? b : a));
  add(`worst of five referee flows (${worst.name.slice(8)})`, worst.unit, worst.best, worst.median, 30);
  const share = (pick) => (100 * pick(crossing.node)) / pick(crossing.rust);
  const best = (list) => Math.max(...list);
  add('Node in batches of 4,096', 'M commands/s', best(crossing.node), median(crossing.node));
  add('Node against Rust, in turn', '%', share(best), share(median), 60);
  addRate('simulate, 1 thread(s)', 10);
  const [one, two] = ['simulate, 1 thread(s)', 'simulate, 2 thread(s)'].map(rate);
  add('simulate, two threads against one', 'x', two.best / one.best, two.median / one.median, 1.7);
  const [fair, collide] = ['balanced', 'balanced, colliding ids'].map(rate);
  add('colliding ids, slower by', 'x', fair.best / collide.best, fair.median / collide.median, 2, false);
  addRate('balanced, pro-rata', 10);
  addRate('journalled, group fsync', 3);
  addRate('export to Parquet', 5);
  for (const name of ['balanced, random ids', 'cancel-heavy', 'aggressive']) addRate(name);
  for (const r of rust.rates.filter((r) => r.name.startsWith('replay '))) addRate(r.name);
  for (const { name, ms, promise } of commands) add(name, 'ms', Math.min(...ms), median(ms), promise, false);
  const { latency: l, memory: m } = rust;
  const clock = `ns, ${l.clockOverheadNs} of them the clock`;
  add('latency of a command, p50', clock, l.p50Ns, l.p50Ns);
  add('latency of a command, p99', clock, l.p99Ns, l.p99Ns, 200, false);
  add('latency of a command, p99.9', clock, l.p999Ns, l.p999Ns, 1000, false);
  add('memory of a resting order', 'bytes', m.bytesPerOrder, m.bytesPerOrder, 64, false);
  add('memory of an empty book', 'bytes', m.emptyBookBytes, m.emptyBookBytes, 1024, false);
  const many = m.hundredThousandBooksOfTenOrdersMiB;
  add('100,000 books of ten orders', 'MiB', many, many, 512, false);
  return list;
}

function table(list) {
  const lines = [['what', 'best', 'median', 'promised', '', 'unit']];
  for (const { name, unit, best, median, promise, atLeast, holds } of list) {
    const promised = promise === undefined ? '' : `${atLeast ? '>=' : '<='} ${promise}`;
    const verdict = holds === undefined ? '' : holds ? 'holds' : 'MISSED';
    lines.push([name, short(best), short(median), promised, verdict, unit]);
  }
  return aligned(lines, [1, 2, 3]);
}

const targets = program('targets');
note('Rust: every workload in turn …');
const rust = JSON.parse(execFileSync(targets, [String(rounds)], { encoding: 'utf8', maxBuffer: 1 << 28 }));
note('Node and Rust in turn …');
const crossing = boundary(targets);
note('commands …');
const commands = [{ name: 'toprung --help', ms: commandMs(['--help']), promise: 250 }];
const goog = path.join(root, '../shared/data/replay/goog_2012-06-21_L10.replay.csv.zst');
if (existsSync(goog)) {
  commands.push({
    name: 'toprung replay GOOG --verify',
    ms: commandMs(['replay', goog, '--verify', '--quiet']),
    promise: 1000,
  });
} else {
  note('SKIPPED: replay of the GOOG day (../shared/data is not there)');
}
const kept = mkdtempSync(path.join(os.tmpdir(), 'toprung-bench-'));
const script = path.join(root, 'packages/cli/bin/toprung.js');
execFileSync(process.execPath, [script, 'simulate', '--events', '10M', '--out', kept, '--quiet'], { stdio: 'ignore' });
commands.push({ name: 'toprung report, 10 M events', ms: commandMs(['report', kept, '--quiet']), promise: 1000 });
rmSync(kept, { recursive: true });
const record = {
  ...head('toprung.bench/1'),
  seedsAndShapes: 'bench/src/shapes.rs, bench/src/referee.rs',
  rows: rows(rust, crossing, commands),
  rust,
  crossing,
  commands,
};
if (options.json) process.stdout.write(`${JSON.stringify(record)}\n`);
else process.stdout.write(`\n${table(record.rows)}\n\n${machineLine(record)}\n`);
if (!options['no-record']) keep(record);
