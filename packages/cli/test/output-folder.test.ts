/** Folders and files of results. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeFolder, writeWhole } from '../src/output-folder.js';

let root: string;

beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'toprung-output-'));
});

afterEach(() => rmSync(root, { recursive: true }));

describe('a folder', () => {
  test('is made with what is missing above it, and may be there already', () => {
    const folder = path.join(root, 'a/b/c');
    makeFolder(folder);
    makeFolder(folder);
    expect(existsSync(folder)).toBe(true);
  });

  test('is refused where a file has its name, or one above it', () => {
    writeFileSync(path.join(root, 'file'), '');
    expect(() => makeFolder(path.join(root, 'file'))).toThrow(/EEXIST/);
    expect(() => makeFolder(path.join(root, 'file/below'))).toThrow(/ENOTDIR/);
  });

  test.runIf(existsSync('/proc/self'))('is refused at once by a file system that takes none', () => {
    expect(() => makeFolder('/proc/toprung/runs')).toThrow(/ENOENT/);
  });
});

describe('a file', () => {
  test('appears whole, and replaces one of its name', () => {
    const file = path.join(root, 'result.json');
    writeWhole(file, 'one');
    writeWhole(file, 'two');
    expect(readFileSync(file, 'utf8')).toBe('two');
    expect(readdirSync(root)).toEqual(['result.json']);
  });

  test('leaves nothing behind when it cannot be written', () => {
    expect(() => writeWhole(path.join(root, 'missing/result.json'), 'x')).toThrow(/ENOENT/);
    expect(readdirSync(root)).toEqual([]);
  });
});
