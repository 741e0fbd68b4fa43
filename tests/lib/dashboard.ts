/** `toprung dashboard` as a process of its own, and what its page says of itself. */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { toprungScript } from './command.js';

/** What the page counts; see `window.__toprung` in packages/dashboard. */
export interface PageStats {
  frames: number;
  states: number;
  paints: number;
  paintMs: number;
  dropped: number;
  resyncs: number;
  lagMs: number;
  fps: number;
  run: number | null;
  columns: number;
  /** How often the columns were merged two by two. */
  merges: number;
  trades: number;
  endNs: number;
  phase: string | null;
  events: number;
  view: { from: number; to: number; follow: boolean };
  playheadNs: number | null;
  frozenNs: number | null;
  /** What is marked on the time axis, accounts of agents, prices at which the watched agent's orders rest. */
  marks: number;
  accounts: number;
  own: number;
}

/** A dashboard that is being served. */
export class ServedDashboard {
  readonly url: URL;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, url: URL) {
    this.#child = child;
    this.url = url;
  }

  static start(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<ServedDashboard> {
    const { npm_lifecycle_event: _, ...inherited } = process.env;
    const child = spawn(process.execPath, [toprungScript, ...args, '--json'], {
      env: { ...inherited, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return new Promise((resolve, reject) => {
      let [out, err] = ['', ''];
      child.stderr.on('data', (chunk) => (err += chunk));
      child.stdout.on('data', (chunk) => {
        out += chunk;
        const url = /"url": "([^"]+)"/.exec(out)?.[1];
        if (url !== undefined) resolve(new ServedDashboard(child, new URL(url)));
      });
      child.once('exit', (code) => reject(new Error(`toprung ${args.join(' ')} ended with ${code}: ${out}${err}`)));
    });
  }

  /** Sends a signal and, if it ends the process, waits for that; gives the exit code. */
  async signal(signal: 'SIGINT' | 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): Promise<number | null> {
    const child = this.#child;
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
    const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
    child.kill(signal);
    return signal === 'SIGINT' || signal === 'SIGKILL' ? await ended : null;
  }
}

/** What the page counts now. */
export async function statsOf(page: Page): Promise<PageStats> {
  return (await page.evaluate('window.__toprung.stats()')) as PageStats;
}

/** Waits until the page's counters are as they should be. */
export async function until(page: Page, holds: (stats: PageStats) => boolean, timeoutMs = 20_000): Promise<PageStats> {
  const began = Date.now();
  for (;;) {
    const stats = await statsOf(page);
    if (holds(stats)) return stats;
    if (Date.now() - began > timeoutMs) expect.fail(`waited in vain: ${JSON.stringify(stats)}`);
    await page.waitForTimeout(25);
  }
}
