// `scripts/tidy.mjs`: house rules that no compiler checks. Each rule looks at the files git knows (tracked, or new and
// not ignored) and gives one line per breach. Runs in `npm test`.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { root } from './lib/workspace.mjs';

/** Top-level entries; a new one needs a reason in docs/ARCHITECTURE.md. */
const topLevel = new Set([
  '.ci',
  '.editorconfig',
  '.github',
  '.gitignore',
  '.npmrc',
  'CHANGELOG.md',
  'Cargo.lock',
  'Cargo.toml',
  'LICENSE',
  'README.md',
  'bench',
  'biome.json',
  'crates',
  'docs',
  'examples',
  'package.json',
  'packages',
  'pnpm-lock.yaml',
  'pnpm-workspace.yaml',
  'rustfmt.toml',
  'scripts',
  'tests',
  'tsconfig.base.json',
  'tsconfig.json',
  'vitest.config.ts',
]); // prettier-ignore

const lineLimit = 600;
/** Files that may be longer, each with its reason. */
const longFiles = new Map([
  ['pnpm-lock.yaml', 'generated'],
  ['Cargo.lock', 'generated'],
]);
const generated = /^packages\/toprung\/native\//;
const data = /^(tests\/(golden|fixtures)|bench\/record)\/|proptest-regressions/;

/** The files of the command that write to the terminal. */
const mayPrint = new Set(['packages/cli/src/terminal.ts']);

/** Exchange data may be used but not passed on: none of it belongs in this repository. */
const exchangeData = /(LOBSTER|_message_\d+|_orderbook_\d+|\.dbn(\.zst)?$|\.itch(\.gz)?$|\.replay\.csv)/i;
const ownFixtures = /^(tests|crates\/[^/]+(\/tests)?)\/fixtures\//;

const rules = {
  'top-level entries are the ones docs/ARCHITECTURE.md names': (files) =>
    [...new Set(files.map((f) => f.split('/')[0]))].filter((entry) => !topLevel.has(entry)),

  'packages print only through the terminal module': (files) =>
    grep(
      files.filter((f) => /^packages\/[^/]+\/src\/.*\.ts$/.test(f) && !f.endsWith('.test.ts') && !mayPrint.has(f)),
      /^(?!\s*(\*|\/\/)).*(\bconsole\.|process\.std(out|err)\.write)/,
    ),

  'a to-do names its issue: TODO(#12)': (files) =>
    grep(
      files.filter((f) => /\.(rs|ts|mts|mjs|toml|ya?ml|md)$/.test(f) && f !== 'scripts/tidy.mjs'),
      /\b(TODO|FIXME|XXX)\b(?!\(#\d+\))/,
    ),

  [`files have one subject: at most ${lineLimit} lines`]: (files) =>
    files
      .filter((f) => /\.(rs|ts|mts|mjs|md)$/.test(f) && !generated.test(f) && !data.test(f) && !longFiles.has(f))
      .map((f) => [f, read(f).split('\n').length - 1])
      .filter(([, lines]) => lines > lineLimit)
      .map(([f, lines]) => `${f}: ${lines} lines`),

  'every module opens by saying what it is': (files) =>
    files
      .filter((f) => /^(packages|scripts|tests|examples)\/.*\.(ts|mjs)$/.test(f) && !generated.test(f))
      .filter((f) => !f.endsWith('vitest.config.ts') && !/^(#!.*\n)?(\/\*\*|\/\/)/.test(read(f))),

  'links in Markdown lead somewhere': (files) => files.filter((f) => f.endsWith('.md')).flatMap(brokenLinks),

  'generated files are committed as the build writes them (checked where CI is set)': () =>
    process.env.CI
      ? lines(['diff', '--name-only', '--', 'packages/toprung/native', 'tests/golden', 'pnpm-lock.yaml', 'Cargo.lock'])
      : [],

  'no exchange data is committed': (files) =>
    files.filter((f) => exchangeData.test(path.basename(f)) && !ownFixtures.test(f) && !/\.(rs|ts|md)$/.test(f)),

  'no binary and no large file is committed': (files) =>
    files.filter((f) => /\.(node|so|dylib|dll|tgz)$/.test(f) || statSync(path.join(root, f)).size > 2 ** 20),

  'one version of everything: npm dependencies come from the catalog': (files) =>
    files
      .filter((f) => /(^|\/)package\.json$/.test(f) && !data.test(f))
      .flatMap((f) => {
        const manifest = JSON.parse(read(f));
        return ['dependencies', 'devDependencies', 'optionalDependencies']
          .flatMap((kind) => Object.entries(manifest[kind] ?? {}))
          .filter(([name, range]) => name !== 'pnpm' && !/^(catalog|workspace):/.test(range))
          .map(([name, range]) => `${f}: ${name} is ${range}`);
      }),

  'one version of toprung: every manifest says the same': (files) => {
    const versions = files
      .filter((f) => /(^|\/)package\.json$/.test(f) && !data.test(f))
      .map((f) => [f, JSON.parse(read(f)).version]);
    const cargo = read('Cargo.toml').match(/^version = "(.+)"$/m)?.[1];
    return versions
      .filter(([, version]) => version !== cargo)
      .map(([f, version]) => `${f}: ${version}, Cargo.toml: ${cargo}`);
  },
};

const files = knownFiles();
let breaches = 0;
for (const [rule, check] of Object.entries(rules)) {
  const found = check(files);
  if (found.length === 0) continue;
  breaches += found.length;
  console.error(`tidy: ${rule}`);
  for (const line of found) console.error(`  ${line}`);
}
if (breaches > 0) {
  console.error(`tidy: ${breaches} breaches`);
  process.exit(1);
}
console.log(`tidy: ${Object.keys(rules).length} rules over ${files.length} files`);

function knownFiles() {
  const git = spawnSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  });
  if (git.status !== 0) {
    console.log('SKIPPED: tidy (not a git checkout)');
    process.exit(0);
  }
  return git.stdout.split('\0').filter((f) => f !== '' && existsSync(path.join(root, f)));
}

function lines(gitArguments) {
  return spawnSync('git', gitArguments, { cwd: root, encoding: 'utf8' }).stdout.split('\n').filter(Boolean);
}

function read(file) {
  return readFileSync(path.join(root, file), 'utf8');
}

function grep(candidates, pattern) {
  return candidates.flatMap((f) =>
    read(f)
      .split('\n')
      .flatMap((line, i) => (pattern.test(line) ? [`${f}:${i + 1}: ${line.trim().slice(0, 100)}`] : [])),
  );
}

function brokenLinks(file) {
  const broken = [];
  for (const [, target] of read(file)
    .replace(/```[\s\S]*?```/g, '')
    .matchAll(/\]\(([^)\s]+)\)/g)) {
    if (/^(https?:|mailto:|#)/.test(target)) continue;
    const full = path.join(root, path.dirname(file), decodeURI(target.split('#')[0]));
    if (!existsSync(full)) broken.push(`${file}: ${target}`);
  }
  return broken;
}
