/**
 * A tool as a child process: its lines as they come, its own words when it fails, and an end that is sure.
 *
 * Only processes started here are signalled, by their own id.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Duplex } from 'node:stream';
import type { Environment } from './tools.js';

/** Lines of a tool's words that an error carries. */
const TAIL_LINES = 40;
/** How long a child may take to end after each signal unless somebody says otherwise, ms. */
export const PATIENCE_MS = 5_000;

/** How a child ended. */
export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** Children under way: none outlives this process. */
const underWay = new Set<Child>();

function killAll(): void {
  for (const child of underWay) child.kill('SIGKILL');
}

/** A child process. */
export class Child {
  readonly #process: ChildProcess;
  readonly #tail: string[] = [];
  readonly #listeners = new Set<(line: string) => void>();
  /** Settles when the child has ended and all its words are read. Never rejects. */
  readonly exit: Promise<Exit>;
  #ended: Exit | undefined;

  /** @param channels - Further pipes, from descriptor 3 on. */
  constructor(file: string, args: readonly string[], env: Environment, channels = 0) {
    this.#process = spawn(file, [...args], {
      env: { ...env },
      // A group of its own: Ctrl-C in the terminal reaches this process alone, which then ends the child in order.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', ...Array<'pipe'>(channels).fill('pipe')],
    });
    if (underWay.size === 0) process.on('exit', killAll);
    underWay.add(this);
    const read = [this.#process.stdout, this.#process.stderr].map((stream) => {
      const lines = createInterface({ input: stream! });
      lines.on('line', (line) => this.#onLine(line));
      return new Promise<void>((resolve) => lines.on('close', resolve));
    });
    const gone = new Promise<Exit>((resolve) => {
      this.#process.on('error', (error) => {
        this.#onLine(error.message);
        resolve({ code: 127, signal: null });
      });
      this.#process.on('exit', (code, signal) => resolve({ code, signal }));
    });
    this.exit = gone.then(async (exit) => {
      this.#ended = exit;
      // A grandchild that lives on may hold the streams open: what it says is of no interest.
      await Promise.race([Promise.all(read), pause(500)]);
      underWay.delete(this);
      if (underWay.size === 0) process.off('exit', killAll);
      return exit;
    });
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** How it ended; `undefined` while it runs. */
  get ended(): Exit | undefined {
    return this.#ended;
  }

  /** The last of its words, stdout and stderr together. */
  get words(): string {
    return this.#tail.join('\n');
  }

  /** A further pipe. */
  channel(fd: number): Duplex {
    return this.#process.stdio[fd] as Duplex;
  }

  #onLine(line: string): void {
    this.#tail.push(line);
    if (this.#tail.length > TAIL_LINES) this.#tail.shift();
    for (const listener of this.#listeners) listener(line);
  }

  /** Hears every line, until the function that is given back is called. */
  onLine(listener: (line: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  kill(signal: NodeJS.Signals): void {
    if (this.#ended === undefined) this.#process.kill(signal);
  }

  /** Asks it to end, then makes it: SIGINT twice, SIGTERM, SIGKILL, with time in between. */
  async end(patienceMs: number): Promise<Exit> {
    for (const signal of ['SIGINT', 'SIGINT', 'SIGTERM', 'SIGKILL'] as const) {
      if (this.#ended !== undefined) break;
      this.kill(signal);
      await Promise.race([this.exit, pause(patienceMs)]);
    }
    return await this.exit;
  }
}

/** Waits, without keeping the process alive. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}
