// Stamps: the hash of a build step's inputs, kept beside what it built, so that the second time costs milliseconds.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { root } from './workspace.mjs';

const stampFile = path.join(root, 'node_modules/.cache/toprung-setup.json');
const skippedFolders = new Set(['node_modules', 'dist', 'target', '.git', 'record']);

/** SHA-256 over the names and contents of files and folders (relative to the root). Missing ones count as absent. */
export function hashInputs(inputs, accept = () => true) {
  const hash = createHash('sha256');
  for (const input of inputs) {
    for (const file of filesUnder(input).filter(accept).sort()) {
      hash.update(`${file}\0`);
      hash.update(readFileSync(path.join(root, file)));
    }
  }
  return hash.digest('hex');
}

/** Every file at or below a path, relative to the root. */
export function filesUnder(input) {
  const full = path.join(root, input);
  if (!existsSync(full)) return [];
  if (statSync(full).isFile()) return [input];
  return readdirSync(full, { withFileTypes: true }).flatMap((entry) => {
    const child = path.posix.join(input, entry.name);
    if (entry.isDirectory()) return skippedFolders.has(entry.name) ? [] : filesUnder(child);
    return entry.isFile() ? [child] : [];
  });
}

/** The stamp that a step left, or undefined. */
export function readStamp(step) {
  try {
    return JSON.parse(readFileSync(stampFile, 'utf8'))[step];
  } catch {
    return undefined;
  }
}

/** Remembers that a step's outputs were made from these inputs. */
export function writeStamp(step, hash) {
  let stamps = {};
  try {
    stamps = JSON.parse(readFileSync(stampFile, 'utf8'));
  } catch {
    // No stamps yet.
  }
  mkdirSync(path.dirname(stampFile), { recursive: true });
  writeFileSync(stampFile, `${JSON.stringify({ ...stamps, [step]: hash }, null, 2)}\n`);
}
