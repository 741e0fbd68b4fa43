// Engines from the registries beside toprung: the same commands, in turn, and what came of them compared.
//
// `npm run bench -- peers [--rounds N] [--commands N] [--no-record] [--json]`. Three programs wait for lines that name an
// engine, a file of commands and how many of them to run: bench/peers/src (crates), node.mjs (npm) and engines.py (PyPI,
// where it is installed). One engine runs at a time; every round visits all of them, beginning with another one. A slow
// engine gets the first part of the same commands, as many as it does in about a second, and toprung is asked for exactly
// these to compare with. Commands that an engine does not have are counted and left out.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { aligned, head, keep, machineLine, median, note, root, short } from './record.mjs';
import { program, targetFolder } from './workload.mjs';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    commands: { type: 'string', default: '500000' },
    json: { type: 'boolean', default: false },
    'no-record': { type: 'boolean', default: false },
  },
});
const [rounds, commands] = [Number(options.rounds), Number(options.commands)];

const workloads = {
  balanced: '50 % adds within 40 ticks, 40 % cancels of any order, 10 % market orders; 10,000 live orders',
  'cancel-heavy': '48 % adds, 50 % cancels among the latest 64 orders, 2 % market orders; 10,000 live orders',
  aggressive: 'half adds at the touch, half market orders; 1,000 to 2,000 live orders',
  amend: '40 % adds, 25 % cancels, 25 % orders lowered in place, 10 % market orders; 10,000 live orders',
  'deep-100k': '45 % adds, 50 % cancels, 5 % market orders; 100,000 live orders on 1,000 ticks',
};
/** Commands of the first, short run, which tells how many a second are. */
const trial = 1000;
/** A run that takes longer than this is given up, its preload included. */
const patienceMs = 20_000;

/** A program that answers line by line. */
class Program {
  constructor(command, args, env = {}) {
    Object.assign(this, { command, args, env });
    this.start();
  }

  start() {
    this.child = spawn(this.command, this.args, {
      cwd: root,
      env: { ...process.env, ...this.env },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
    this.child.on('error', () => {});
    this.greeting = this.next();
  }

  async next() {
    const { value, done } = await this.lines.next();
    return done ? undefined : JSON.parse(value);
  }

  async ask(request) {
    await this.greeting;
    this.child.stdin.write(`${JSON.stringify(request)}\n`);
    let timer;
    const late = new Promise((resolve) => {
      timer = setTimeout(() => resolve({ error: `no answer in ${patienceMs / 1000} s` }), patienceMs);
    });
    const answer = (await Promise.race([this.next(), late])) ?? { error: 'ended without an answer' };
    clearTimeout(timer);
    if (answer.error?.startsWith('no answer') || answer.error?.startsWith('ended')) {
      this.child.kill('SIGKILL');
      this.start();
    }
    return answer;
  }

  end() {
    this.child.stdin.end();
  }
}

function rust() {
  const target = path.join(targetFolder(), 'peers');
  execFileSync('cargo', ['build', '--quiet', '--release', '--locked', '--manifest-path', 'bench/peers/Cargo.toml'], {
    cwd: root,
    env: { ...process.env, CARGO_TARGET_DIR: target },
    stdio: 'inherit',
  });
  return new Program(path.join(target, 'release/toprung-peers'), []);
}

/** Engines with the program that runs them, and what could not be had. */
async function gather() {
  const python = process.env.TOPRUNG_PYTHON ?? 'python3';
  const programs = [
    rust(),
    new Program(process.execPath, ['bench/peers/node.mjs']),
    new Program(python, ['bench/peers/engines.py']),
  ];
  const [engines, skipped] = [[], []];
  for (const each of programs) {
    const greeting = await each.greeting;
    for (const engine of greeting?.engines ?? []) engines.push({ ...engine, program: each });
    const install = `not installed; ${python} -m pip install -r bench/peers/requirements.txt, or set TOPRUNG_PYTHON`;
    if (greeting === undefined) skipped.push({ name: 'engines in Python', reason: `no ${python}` });
    for (const name of greeting?.missing ?? []) skipped.push({ name, reason: install });
  }
  return { programs, engines, skipped };
}

/** How many commands an engine does in about a second, of those that there are, in round numbers. */
function roundCount({ seconds, commands: done }) {
  const fit = Math.min(commands, done / Math.max(seconds, 1e-9));
  const scale = 10 ** Math.floor(Math.log10(fit));
  return Math.max(trial, Math.min(commands, Math.floor(fit / scale) * scale));
}

async function measure(folder) {
  const { programs, engines, skipped } = await gather();
  for (const { name, reason } of skipped) note(`SKIPPED: ${name} (${reason})`);
  const reference = engines.find(({ name }) => name === 'toprung');
  const leaveOut = (engine, workload, { message }) => {
    skipped.push({ name: engine.name, workload, reason: message });
    note(`SKIPPED: ${engine.name} on ${workload} (${message})`);
  };
  const results = [];
  for (const [name, what] of Object.entries(workloads)) {
    const file = path.join(folder, name);
    execFileSync(program('workload'), [name, String(commands), file, 'peers']);
    const running = [];
    for (const engine of engines) {
      note(`${name}: ${engine.name} …`);
      const ask = (count) => answerOf(engine, file, count);
      try {
        // Twice, since the first run of JavaScript is not like the later ones.
        const count = roundCount(await ask(Math.min(commands, roundCount(await ask(trial)))));
        running.push({ engine, ask, count, expected: await answerOf(reference, file, count), rounds: [] });
      } catch (error) {
        leaveOut(engine, name, error);
      }
    }
    results.push({ name, what, running });
  }
  note(`${rounds} rounds …`);
  for (let round = 0; round < rounds; round++) {
    for (const result of results) {
      const { running } = result;
      for (const each of [...running.slice(round % running.length), ...running.slice(0, round % running.length)]) {
        try {
          each.last = await each.ask(each.count);
          each.rounds.push(each.last.commands / each.last.seconds / 1e6);
        } catch (error) {
          leaveOut(each.engine, result.name, error);
          result.running = result.running.filter((other) => other !== each);
        }
      }
    }
  }
  for (const each of programs) each.end();
  return {
    ...head('toprung.bench-peers/1'),
    engines: engines.map(({ program: _, ...engine }) => engine),
    skipped,
    workloads: results.map(({ name, what, running }) => ({ name, what, results: running.map(resultOf) })),
  };
}

/** What came of a run. @throws what the engine said, or that it said nothing */
async function answerOf(engine, file, count) {
  const answer = await engine.program.ask({ engine: engine.name, file, count });
  if (answer.error !== undefined) throw new Error(`${answer.error}, with ${count} commands`);
  return answer;
}

function resultOf({ engine, count, expected, rounds: rates, last }) {
  const { unsupported, refused, trades, volume, notional } = last;
  const lost = Object.values(unsupported).reduce((a, b) => a + b, 0);
  return {
    engine: engine.name,
    commands: count,
    best: Math.max(...rates),
    median: median(rates),
    rounds: rates,
    trades,
    volume,
    notional,
    refused,
    unsupported,
    lost,
    agrees: trades === expected.trades && volume === expected.volume && notional === expected.notional,
    expected: { trades: expected.trades, volume: expected.volume, notional: expected.notional },
  };
}

/** What the check says of a result. */
function verdict({ agrees, lost, commands: count, trades, volume, expected }) {
  const left = lost === 0 ? '' : `${((100 * lost) / count).toFixed(0)} % of the messages not supported; `;
  if (agrees) return `${left}trades as ours`;
  const share = (a, b) => `${(100 * (a / b - 1)).toFixed(2)} %`;
  return `${left}${volume === expected.volume ? 'volume as ours' : `volume ${share(volume, expected.volume)}`}, ${trades === expected.trades ? 'trades as ours' : `trades ${share(trades, expected.trades)}`}`;
}

function table(record) {
  return record.workloads
    .map(({ name, what, results }) => {
      const own = results.find(({ engine }) => engine === 'toprung');
      const rows = results
        .toSorted((a, b) => b.median - a.median)
        .map((r) => [
          r.engine,
          short(r.best),
          short(r.median),
          `${short(own.median / r.median)} x`,
          String(r.commands),
          verdict(r),
        ]);
      return `${name}: ${what}\n${aligned([['engine', 'best', 'median M/s', 'behind', 'commands', ''], ...rows], [1, 2, 3, 4])}`;
    })
    .join('\n\n');
}

const folder = mkdtempSync(path.join(os.tmpdir(), 'toprung-peers-'));
try {
  const record = await measure(folder);
  if (options.json) process.stdout.write(`${JSON.stringify(record)}\n`);
  else process.stdout.write(`\n${table(record)}\n\n${machineLine(record)}\n`);
  if (!options['no-record']) keep(record, 'peers-');
} finally {
  rmSync(folder, { recursive: true });
}
