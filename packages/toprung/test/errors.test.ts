/** The one table of error codes. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { fromNative } from '../src/errors.js';
import { AbortError, ERROR_TABLE, isToprungError, ToprungError } from '../src/index.js';

const CODE = /ERR_TOPRUNG_[A-Z_]*[A-Z]/g;

/** Every code that occurs in the sources of a folder, tests included. */
function codesIn(folder: URL): Set<string> {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((f) => /\.(rs|ts)$/.test(f));
  return new Set(files.flatMap((f) => readFileSync(new URL(f, folder), 'utf8').match(CODE) ?? []));
}

describe('the table', () => {
  const table = new Set(Object.keys(ERROR_TABLE));

  it('has every code that the Rust crates raise', () => {
    for (const crate of ['toprung-node', 'toprung-sim', 'toprung-data', 'toprung-trace', 'toprung-driver']) {
      const raised = codesIn(new URL(`../../../crates/${crate}/src/`, import.meta.url));
      expect(raised.size).toBeGreaterThan(0);
      expect([...raised].filter((code) => !table.has(code))).toEqual([]);
    }
  });

  it('is sorted and says something about each', () => {
    expect([...table]).toEqual([...table].sort());
    for (const [code, text] of Object.entries(ERROR_TABLE)) expect(text, code).toMatch(/^[A-Z].{20,}\.$/);
  });
});

describe('ToprungError', () => {
  it('can be told from other errors and keeps its cause', () => {
    const cause = new Error('why');
    const error = new ToprungError('ERR_TOPRUNG_OUTPUT', 'what', { path: 'where', cause });
    expect([error.name, error.code, error.message, error.path, error.cause]).toEqual([
      'ToprungError',
      'ERR_TOPRUNG_OUTPUT',
      'what',
      'where',
      cause,
    ]);
    expect(isToprungError(error)).toBe(true);
    expect(isToprungError(cause)).toBe(false);
    expect(new AbortError('a', 'reason')).toMatchObject({
      name: 'AbortError',
      code: 'ERR_TOPRUNG_ABORTED',
      cause: 'reason',
    });
  });

  it('takes code and place from the Rust core, and calls what has no code an internal failure', () => {
    const native = Object.assign(new Error('expected 1, got 2\nat commands[3].qty'), {
      code: 'ERR_TOPRUNG_OUT_OF_RANGE',
    });
    expect(fromNative(native)).toMatchObject({
      code: 'ERR_TOPRUNG_OUT_OF_RANGE',
      path: 'commands[3].qty',
      message: 'commands[3].qty: expected 1, got 2',
      cause: native,
    });
    expect(fromNative(Object.assign(new Error('x'), { code: 'InvalidArg' }))).toMatchObject({
      code: 'ERR_TOPRUNG_INTERNAL',
    });
    expect(fromNative('text')).toMatchObject({ code: 'ERR_TOPRUNG_INTERNAL' });
  });
});
