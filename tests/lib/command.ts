/** Runs the `toprung` command as people do: a process of its own, with streams that are no terminal. */
import { spawn } from 'node:child_process';
import path from 'node:path';
import { repository } from './shared-data.js';

/** The command's script. */
export const toprungScript = path.join(repository, 'packages/cli/bin/toprung.js');

/** What a command did. */
export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly elapsedMs: number;
}

export interface CommandOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Sends SIGINT, as Ctrl-C does, after so many milliseconds. */
  readonly interruptAfterMs?: number;
  /** Sends SIGINT once the output, of both streams, matches. */
  readonly interruptWhen?: RegExp;
}

/** Runs `toprung` with arguments. */
export function toprung(args: readonly string[], options: CommandOptions = {}): Promise<Outcome> {
  return runCommand(process.execPath, [toprungScript, ...args], options);
}

/** Runs any command. The environment is this process's without what would change output. */
export function runCommand(command: string, args: readonly string[], options: CommandOptions = {}): Promise<Outcome> {
  const { FORCE_COLOR: _, NO_COLOR: __, npm_lifecycle_event: ___, ...inherited } = process.env;
  const began = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: options.cwd, env: { ...inherited, ...options.env }, stdio: 'pipe' });
    let stdout = '';
    let stderr = '';
    const { interruptAfterMs, interruptWhen } = options;
    let isInterrupted = false;
    const look = (): void => {
      if (isInterrupted || interruptWhen === undefined || !interruptWhen.test(stdout + stderr)) return;
      isInterrupted = true;
      child.kill('SIGINT');
    };
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
      look();
    });
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
      look();
    });
    const timer = interruptAfterMs === undefined ? undefined : setTimeout(() => child.kill('SIGINT'), interruptAfterMs);
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ code, stdout, stderr, elapsedMs: performance.now() - began });
    });
  });
}
