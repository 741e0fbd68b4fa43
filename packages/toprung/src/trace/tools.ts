/**
 * The tools of others: where they are, and which version.
 */
import { execFile } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import path from 'node:path';

/** Variables of the environment that matter here. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** A tool that was found. */
export interface Tool {
  path: string;
  /** What it says of itself, in one line. */
  says: string;
  /** `[major, minor, patch]`; `undefined` if that cannot be read. */
  version: number[] | undefined;
}

/** The tools, and the variable that names each where it is not on the PATH. */
export const TOOL_VARIABLES = { 'magic-trace': 'MAGIC_TRACE', perf: 'MAGIC_TRACE_PERF_PATH' } as const;

/** A name of a tool. */
export type ToolName = keyof typeof TOOL_VARIABLES;

/** The path of a tool, from its variable or the PATH; `undefined` if there is none. */
export function findTool(name: ToolName, env: Environment): string | undefined {
  const named = env[TOOL_VARIABLES[name]];
  if (named !== undefined && named !== '') return isExecutable(named) ? named : undefined;
  for (const folder of (env.PATH ?? '').split(path.delimiter)) {
    if (folder !== '' && isExecutable(path.join(folder, name))) return path.join(folder, name);
  }
  return undefined;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/** Finds a tool and asks for its version. */
export async function askTool(name: ToolName, env: Environment): Promise<Tool | undefined> {
  const file = findTool(name, env);
  if (file === undefined) return undefined;
  const said = await ask(file, [name === 'perf' ? '--version' : '-version'], env);
  const line = said.split('\n').find((l) => l.trim() !== '') ?? '';
  // Ubuntu's perf without the kernel's own tools prints a page of advice: whatever that is, it is no version.
  const pattern = name === 'perf' ? /^perf version (\d+)\.(\d+)(?:\.(\d+))?/ : /(\d+)\.(\d+)(?:\.(\d+))?/;
  const digits = pattern.exec(line)?.slice(1);
  return { path: file, says: line.trim(), version: digits?.filter((d) => d !== undefined).map(Number) };
}

/** The standard output of a short command; empty if it fails or takes more than ten seconds. */
export function ask(file: string, args: readonly string[], env: Environment): Promise<string> {
  return new Promise((resolve) => {
    execFile(file, [...args], { env: { ...env }, timeout: 10_000 }, (_error, stdout) => resolve(stdout));
  });
}

/** Whether a version is at least another. */
export function isAtLeast(version: readonly number[] | undefined, least: readonly number[]): boolean {
  if (version === undefined) return false;
  for (const [i, part] of least.entries()) {
    const own = version[i] ?? 0;
    if (own !== part) return own > part;
  }
  return true;
}
