// The book of this checkout against the book of another commit, both compiled into one program and run in turn on the same
// commands. Two programs built apart differ by what else is linked into them; here only the book's code does.
//
// `npm run bench -- against COMMIT [--rounds N] [--no-record] [--json]`. bench/against/main.rs measures; this checkout
// stands there twice, so that the machine's own noise is a row beside the difference. The other commit's book has to have
// today's plain commands: any since the first.
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { aligned, head, keep, machineLine, median, note, root, short } from './record.mjs';
import { program } from './workload.mjs';

const { values: options, positionals } = parseArgs({
  options: {
    rounds: { type: 'string', default: '25' },
    commands: { type: 'string', default: '2000000' },
    json: { type: 'boolean', default: false },
    'no-record': { type: 'boolean', default: false },
  },
  allowPositionals: true,
});
const [commit] = positionals;
if (commit === undefined) {
  note('npm run bench -- against COMMIT: which commit is to be compared with this checkout?');
  process.exit(2);
}
const workloads = ['balanced', 'cancel-heavy', 'aggressive', 'amend', 'deep-100k', 'deep'];

const git = (args, more = {}) => execFileSync('git', args, { cwd: root, maxBuffer: 2 ** 28, ...more });

/** A crate in `folder` with both books as dependencies; gives the path of its program. */
function build(sha, folder) {
  const other = path.join(folder, 'other');
  const crate = path.join(folder, 'program');
  mkdirSync(path.join(crate, 'src'), { recursive: true });
  mkdirSync(other);
  execFileSync('tar', ['-x', '-C', other], { input: git(['archive', sha, 'Cargo.toml', 'crates/toprung-book']) });
  // Only the book is there; and cargo tells two crates of one name apart by their versions only.
  const manifest = readFileSync(path.join(other, 'Cargo.toml'), 'utf8')
    .replace(/^members = .*$/m, 'members = ["crates/toprung-book"]')
    .replace(/^version = "([^"]+)"$/m, `version = "$1-g${sha.slice(0, 9)}"`);
  writeFileSync(path.join(other, 'Cargo.toml'), manifest);
  const book = (name, at) => `${name} = { package = "toprung-book", path = ${JSON.stringify(at)} }`;
  const profile = /^\[profile\.release\]\n(?:(?!\[).*\n)*/m.exec(readFileSync(path.join(root, 'Cargo.toml'), 'utf8'));
  writeFileSync(
    path.join(crate, 'Cargo.toml'),
    `[package]
name = "against"
edition = "2024"

[workspace]

[dependencies]
${book('here', path.join(root, 'crates/toprung-book'))}
${book('there', path.join(other, 'crates/toprung-book'))}

${profile[0]}`,
  );
  copyFileSync(path.join(root, 'bench/against/main.rs'), path.join(crate, 'src/main.rs'));
  execFileSync('cargo', ['build', '--quiet', '--release', '--target-dir', path.join(crate, 'target')], {
    cwd: crate,
    stdio: 'inherit',
  });
  return path.join(crate, 'target/release/against');
}

/** The median of `a / b - 1` over the rounds, and the middle half, in per cent. */
function difference(a, b) {
  const all = a.map((value, i) => 100 * (value / b[i] - 1)).sort((x, y) => x - y);
  return [0.25, 0.5, 0.75].map((q) => all[Math.floor(q * all.length)]);
}
const percent = ([low, middle, high]) => [middle, low, high].map((v) => `${v > 0 ? '+' : ''}${v.toFixed(2)}`);

// Not below the checkout: cargo would take the other book for a member of its workspace.
const folder = mkdtempSync(path.join(tmpdir(), 'toprung-against-'));
let sha;
let against;
try {
  sha = git(['rev-parse', '--verify', `${commit}^{commit}`], { encoding: 'utf8' }).trim();
  note('two books in one program …');
  against = build(sha, folder);
} catch {
  // git, tar and cargo have said why.
  note(`npm run bench -- against ${commit}: no program with both books`);
  rmSync(folder, { recursive: true });
  process.exit(1);
}
try {
  note('workloads …');
  const files = workloads.map((name) => path.join(folder, name));
  const make = program('workload');
  for (const [i, name] of workloads.entries()) execFileSync(make, [name, options.commands, files[i]]);
  note(`${options.rounds} rounds …`);
  const measured = JSON.parse(execFileSync(against, [options.rounds, ...files], { encoding: 'utf8' }));
  const rows = measured.map((row, i) => ({ workload: workloads[i], ...row }));
  const record = { ...head('toprung.bench-against/1'), against: sha.slice(0, 7), rows };
  const rate = ({ commands }, ns) => short((1e3 * commands) / median(ns));
  const table = aligned(
    [
      [
        'workload',
        `${record.against} M/s`,
        'here M/s',
        'time %',
        '25 %',
        '75 %',
        'here again %',
        '25 %',
        '75 %',
        'events',
      ],
      ...rows.map((row) => [
        row.workload,
        rate(row, row.there),
        rate(row, row.here),
        ...percent(difference(row.here, row.there)),
        ...percent(difference(row.again, row.here)),
        row.sameEvents ? 'the same' : 'differ',
      ]),
    ],
    [1, 2, 3, 4, 5, 6, 7, 8],
  );
  if (options.json) process.stdout.write(`${JSON.stringify(record)}\n`);
  else process.stdout.write(`\n${table}\n\n${machineLine(record)}\n`);
  if (!options['no-record']) keep(record, `against-${record.against}-`);
} finally {
  rmSync(folder, { recursive: true });
}
