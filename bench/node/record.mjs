// What every record of bench/record/ has in common: the machine, the commit, and how it is kept.
import { spawnSync } from 'node:child_process';
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository. */
export const root = fileURLToPath(new URL('../..', import.meta.url));

/** Tells the person who waits. */
export const note = (text) => process.stderr.write(`${text}\n`);

/** The middle of a list of numbers. */
export const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];

/** What a program says of itself, `unknown` where there is none. */
function say(command, args) {
  const out = spawnSync(command, args, { cwd: root, encoding: 'utf8' });
  return out.status === 0 ? out.stdout.trim() : 'unknown';
}

/** The head of a record: when, of which commit, on which machine. */
export function head(schema) {
  const [cpu] = os.cpus();
  return {
    schema,
    date: new Date().toISOString(),
    commit: say('git', ['describe', '--always', '--dirty']),
    machine: {
      cpu: cpu?.model.trim() ?? 'unknown',
      cores: os.cpus().length,
      memoryGiB: Math.round(os.totalmem() / 2 ** 30),
      kernel: `${os.type()} ${os.release()} ${os.arch()}`,
      node: process.version,
      rustc: say('rustc', ['--version']),
      load: os.loadavg()[0],
    },
  };
}

/** The machine in a line. */
export function machineLine({ machine: { cpu, cores, node, rustc, load }, commit }) {
  return `${cpu}, ${cores} cores, load ${load.toFixed(1)}; node ${node}; ${rustc}; ${commit}`;
}

/** Keeps a record in bench/record/, under its date and commit, whole or not at all. */
export function keep(record, prefix = '') {
  const folder = path.join(root, 'bench/record');
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, `${prefix}${record.date.slice(0, 16).replaceAll(':', '')}-${record.commit}.json`);
  writeFileSync(`${file}.tmp`, `${JSON.stringify(record)}\n`);
  renameSync(`${file}.tmp`, file);
  note(`kept in ${path.relative(root, file)}`);
}

/** Rows with their columns one below the other; those in `right` end at the same place. */
export function aligned(rows, right) {
  const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => row[i].length)));
  const cell = (text, i) => (right.includes(i) ? text.padStart(widths[i]) : text.padEnd(widths[i]));
  return rows.map((row) => row.map(cell).join('  ').trimEnd()).join('\n');
}

/** Three digits. */
export function short(value) {
  if (value === 0) return '0';
  return value >= 100
    ? value.toFixed(0)
    : value >= 10
      ? value.toFixed(1)
      : value >= 1
        ? value.toFixed(2)
        : value.toPrecision(2);
}
