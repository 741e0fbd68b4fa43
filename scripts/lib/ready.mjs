// Makes the repository ready to run: npm packages, native addon, compiled TypeScript, the dashboard's page. Each step is skipped when the hash
// of its inputs is the one it was last built from.
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { requirePrerequisites } from './prerequisites.mjs';
import { hashInputs, readStamp, writeStamp } from './stamp.mjs';
import { pnpm, root, run, toolPaths } from './workspace.mjs';

const members = ['packages/toprung', 'packages/cli', 'packages/dashboard', 'tests', 'examples', 'bench'];
const compiled = ['packages/toprung', 'packages/cli', 'tests', 'examples'];
const nativeDir = path.join(root, 'packages/toprung/native');

const steps = [
  {
    name: 'packages',
    says: 'installing npm packages (pnpm, from the lockfile)',
    hash: () =>
      hashInputs(['pnpm-lock.yaml', 'pnpm-workspace.yaml', 'package.json', ...members.map((m) => `${m}/package.json`)]),
    present: () => existsSync(toolPaths.tsc) && existsSync(path.join(root, 'packages/toprung/node_modules')),
    build: () => pnpm(['install', '--frozen-lockfile', '--reporter=append-only'], { stdio: ['ignore', 2, 2] }),
  },
  {
    name: 'native',
    says: 'building the Rust core and the Node addon (release; a few minutes the first time, seconds later)',
    hash: () =>
      hashInputs(
        ['Cargo.toml', 'Cargo.lock', 'crates', 'packages/toprung/package.json'],
        // Tests and benchmarks of the crates are not in the addon.
        (f) => /\.(rs|toml|lock|json)$/.test(f) && !/^crates\/[^/]+\/(tests|benches|examples)\//.test(f),
      ),
    present: () => existsSync(nativeDir) && readdirSync(nativeDir).some((name) => name.endsWith('.node')),
    build: () => pnpm(['--filter', 'toprung', 'run', 'build:native'], { stdio: ['ignore', 2, 2] }),
  },
  {
    name: 'typescript',
    says: 'compiling TypeScript',
    hash: () =>
      hashInputs(['tsconfig.base.json', 'tsconfig.json', 'packages/toprung/native', ...compiled], (f) =>
        /\.(ts|mts|json)$/.test(f),
      ),
    present: () => compiled.every((member) => existsSync(path.join(root, member, 'dist'))),
    build: () => run(process.execPath, [toolPaths.tsc, '-b'], { stdio: ['ignore', 2, 2] }),
  },
  {
    name: 'dashboard',
    says: "building the dashboard's page",
    hash: () =>
      hashInputs(['pnpm-lock.yaml', 'packages/dashboard', 'packages/cli/src/dashboard'], (f) => !/\/test\//.test(f)),
    present: () => existsSync(path.join(root, 'packages/cli/dashboard/index.html')),
    build: () =>
      run(process.execPath, ['node_modules/vite/bin/vite.js', 'build', '--logLevel', 'warn'], {
        cwd: path.join(root, 'packages/dashboard'),
        stdio: ['ignore', 2, 2],
      }),
  },
];

/**
 * Sets up what is missing or out of date and returns; ends the process if it cannot. Everything it prints goes to
 * stderr, so that a command's own output stays clean.
 *
 * @param {{ force?: boolean }} options `force` rebuilds everything.
 */
export async function ensureReady({ force = false } = {}) {
  let checked = false;
  for (const step of steps) {
    const hash = step.hash();
    if (!force && readStamp(step.name) === hash && step.present()) continue;
    if (!checked) {
      requirePrerequisites();
      checked = true;
    }
    const began = Date.now();
    console.error(`toprung: ${step.says} …`);
    const code = await step.build();
    if (code !== 0) {
      console.error(`toprung: ${step.says.split(' (')[0]} failed (exit ${code}); the reason is above.`);
      process.exit(code === 130 ? 130 : 1);
    }
    // A build may write its own inputs (Cargo.lock, the generated loader): hash what is there now.
    writeStamp(step.name, step.hash());
    console.error(`toprung: … done in ${((Date.now() - began) / 1000).toFixed(1)} s`);
  }
}
