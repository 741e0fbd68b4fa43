/** Where results are kept: folders are made, and files appear under their name only when they are whole. */
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/**
 * Makes a folder and what is missing above it.
 *
 * Level by level, because node's own recursive mode never returns on file systems that deny a folder with ENOENT, as
 * /proc does (node 20).
 */
export function makeFolder(folder: string): void {
  const missing: string[] = [];
  let at = path.resolve(folder);
  while (!existsSync(at)) {
    missing.push(at);
    at = path.dirname(at);
  }
  for (const level of missing.reverse()) mkdirSync(level);
  // Says EEXIST where a file has the name.
  if (missing.length === 0) mkdirSync(at, { recursive: true });
}

/** Writes a file under a temporary name and renames it: whoever sees the name sees the whole. */
export function writeWhole(file: string, text: string): void {
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    writeFileSync(temporary, text);
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}
