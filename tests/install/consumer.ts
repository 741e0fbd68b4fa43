/** A consumer of the packed packages: an empty folder outside the repository, and a PATH without cargo. */
import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Outcome, runCommand } from '../lib/command.js';

const windows = process.platform === 'win32';

/** The PATH without every folder that has a cargo: a build that happened after all would fail. */
export function pathWithoutCargo(): string {
  const entries = (process.env.PATH ?? '').split(path.delimiter).filter((folder) => !hasCargo(folder));
  // Node must stay reachable, also where it shares a folder with cargo.
  return [path.dirname(process.execPath), ...entries].join(path.delimiter);
}

function hasCargo(folder: string): boolean {
  try {
    accessSync(path.join(folder, windows ? 'cargo.exe' : 'cargo'), constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** A project of somebody else's. */
export class Consumer {
  readonly folder: string;

  constructor() {
    this.folder = mkdtempSync(path.join(tmpdir(), 'toprung-consumer-'));
    this.write('package.json', JSON.stringify({ name: 'consumer', version: '1.0.0', private: true, type: 'module' }));
  }

  write(name: string, text: string): void {
    writeFileSync(path.join(this.folder, name), text);
  }

  /** Runs a command in the folder, with nothing of this repository in its environment. */
  run(command: string, ...args: string[]): Promise<Outcome> {
    return runCommand(command, args, {
      cwd: this.folder,
      env: { PATH: pathWithoutCargo(), INIT_CWD: this.folder, NODE_PATH: '', CARGO: '', CI: '' },
    });
  }

  /** `npm install` without audit and funding lines; the cache is used where it can be. */
  install(...args: string[]): Promise<Outcome> {
    return this.run('npm', 'install', '--no-audit', '--no-fund', '--prefer-offline', ...args);
  }

  /** Runs an ES module and gives what it prints. */
  script(source: string): Promise<Outcome> {
    this.write('script.mjs', source);
    return this.run(process.execPath, 'script.mjs');
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
