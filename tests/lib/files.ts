/** Reading data files, plain or compressed with zstd. */
import { existsSync, readFileSync } from 'node:fs';
import { decompress } from 'fzstd';
import { DataError } from './data-error.js';

/** The text of a file; `x.zst` is decompressed. A file that is cut off is an error that names it. */
export function readText(file: string): string {
  const bytes = readFileSync(file);
  if (!file.endsWith('.zst')) return bytes.toString('utf8');
  try {
    return Buffer.from(decompress(bytes)).toString('utf8');
  } catch (error) {
    throw new DataError(file, 'a complete zstd file', (error as Error).message);
  }
}

/** The path of a file that may be stored plain or as `.zst`, or `undefined` if it is there in neither form. */
export function plainOrZst(file: string): string | undefined {
  return [file, `${file}.zst`].find((candidate) => existsSync(candidate));
}

/** The lines of a text without the last empty one. */
export function linesOf(text: string): string[] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

/** The integer in a field of a line, or an error that names the place. */
export function integerField(text: string | undefined, name: string, where: string): number {
  const value = Number(text);
  if (text === undefined || text === '' || !Number.isSafeInteger(value)) {
    throw new DataError(where, `${name}: an integer`, text === undefined ? 'nothing' : `"${text}"`);
  }
  return value;
}
