/** The fakes on a PATH of their own, and a folder that goes away. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';

const fakes = fileURLToPath(new URL('../fakes', import.meta.url));

/** A temporary folder, removed after the tests of the file. */
export function folder(name: string): string {
  const made = mkdtempSync(path.join(tmpdir(), `toprung-${name}-`));
  afterAll(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

/** A folder of executables for the PATH. */
export function binaries(where: string, tools: readonly ('magic-trace' | 'perf')[] = ['magic-trace', 'perf']): string {
  const made = path.join(where, `bin-${tools.join('-') || 'none'}`);
  mkdirSync(made, { recursive: true });
  for (const tool of tools) {
    const script = path.join(fakes, `${tool}.mjs`);
    writeFileSync(path.join(made, tool), `#!/bin/sh\nexec "${process.execPath}" "${script}" "$@"\n`, { mode: 0o755 });
  }
  return made;
}

/** An environment in which these fakes are the tools, and no others are found. */
export function environment(bin: string, more: Record<string, string> = {}): Record<string, string> {
  return { PATH: bin, ...more };
}

/** A made-up machine: files below a root, by path. */
export function machine(where: string, name: string, files: Record<string, string>): string {
  const root = path.join(where, name);
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    writeFileSync(path.join(root, file), text);
  }
  return root;
}
