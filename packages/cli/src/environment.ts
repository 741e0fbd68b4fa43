/** Where a run ran, as far as its speed depends on it. */
import { spawnSync } from 'node:child_process';
import { arch, cpus, loadavg, release, totalmem, type } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Environment } from './run-folder.js';

/** This machine, now. */
export function environment(): Environment {
  const [cpu] = cpus();
  return {
    cpu: cpu?.model.trim() || 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: `${type()} ${release()} ${arch()}`,
    node: process.version,
    load: Math.round((loadavg()[0] ?? 0) * 100) / 100,
    commit: commit(),
  };
}

/** The commit of the checkout that this file is in, with `-dirty` behind it where it was changed. */
function commit(): string | null {
  const here = fileURLToPath(new URL('.', import.meta.url));
  // An installed package lies in the repository of whoever installed it, whose commit says nothing.
  if (here.includes('node_modules')) return null;
  const out = spawnSync('git', ['-C', here, 'describe', '--always', '--dirty'], { encoding: 'utf8' });
  return out.status === 0 ? out.stdout.trim() : null;
}
