/** The verification data that is not part of the repository: `../shared/data`, or the folder `TOPRUNG_DATA` names. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));

/** The `tests` folder, whether this runs from source or from `tests/dist`. */
export const testsFolder =
  path.basename(path.dirname(here)) === 'dist' ? path.resolve(here, '../..') : path.dirname(here);

/** The repository's root. */
export const repository = path.dirname(testsFolder);

/** The folder of the shared data, whether or not it exists. */
export const sharedData = process.env.TOPRUNG_DATA ?? path.resolve(repository, '../shared/data');

/** Whether a part of the shared data is here; says `SKIPPED: …` once when it is not. */
export function hasSharedData(part: string): boolean {
  const folder = path.join(sharedData, part);
  if (existsSync(folder)) return true;
  console.log(`SKIPPED: ${part} (no data at ${folder}; set TOPRUNG_DATA to its folder)`);
  return false;
}

/** A path inside the shared data. */
export function shared(...parts: string[]): string {
  return path.join(sharedData, ...parts);
}

/** A path inside `tests/fixtures`, the project's own cases. */
export function fixture(...parts: string[]): string {
  return path.join(testsFolder, 'fixtures', ...parts);
}
