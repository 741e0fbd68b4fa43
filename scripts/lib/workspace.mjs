// Where things are in this repository, and how child processes are started. Plain node: it runs before anything is
// installed.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's root folder. */
export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

/** The one pnpm that this workspace is installed with (pnpm 11 does not run on node 20). */
export const pnpmVersion = '10.34.9';

/** The folder the person typed the command in: npm changes to the root before it runs a script. */
export const invocationDir = process.env.INIT_CWD ?? process.cwd();

const windows = process.platform === 'win32';

/** Runs a command with inherited streams and gives its exit code (128 + signal number when it was killed). */
export function run(command, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, stdio: 'inherit', shell: windows, ...options });
    const pass = (signal) => child.kill(signal);
    // Ctrl-C reaches the whole process group; what matters here is to outlive the child, so that it can end in order.
    const ignore = () => {};
    process.on('SIGINT', ignore);
    process.on('SIGTERM', pass);
    child.on('error', (error) => {
      console.error(`cannot start ${command}: ${error.message}`);
      resolve(127);
    });
    child.on('exit', (code, signal) => {
      process.off('SIGINT', ignore);
      process.off('SIGTERM', pass);
      resolve(code ?? (signal === 'SIGINT' ? 130 : 1));
    });
  });
}

/** First line a command prints, or undefined if it cannot be run. */
export function firstLine(command, args) {
  const out = spawnSync(command, args, { cwd: root, encoding: 'utf8', shell: windows });
  if (out.error || out.status !== 0) return undefined;
  return out.stdout.split('\n')[0];
}

/** Runs the workspace's pnpm: the installed one if there is one, else the same version through npx. */
export function pnpm(args, options) {
  const local = path.join(root, 'node_modules/pnpm/bin/pnpm.cjs');
  if (existsSync(local)) return run(process.execPath, [local, ...args], options);
  return run('npx', ['--yes', `pnpm@${pnpmVersion}`, ...args], options);
}

/** Path of an installed tool's script, to be run with node: no shell, no PATH. */
export const toolPaths = {
  biome: path.join(root, 'node_modules/@biomejs/biome/bin/biome'),
  tsc: path.join(root, 'node_modules/typescript/bin/tsc'),
  vitest: path.join(root, 'node_modules/vitest/vitest.mjs'),
};
