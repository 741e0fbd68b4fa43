/**
 * Progress on stderr: one line redrawn at 10 Hz on a terminal, otherwise a plain line every ten seconds.
 *
 * The line says how far, how fast and how long still. It is silent under `--quiet` and `--json`.
 */
import { compact, duration, integer } from './format.js';
import type { Terminal } from './terminal.js';

const redrawEveryMs = 100;
const plainLineEveryMs = 10_000;
const eraseLine = '\r\u001b[2K';

/** A running progress display. */
export interface Progress {
  /** Reports how much is done, in the display's unit; `total` may become known on the way. */
  update(done: number, total?: number): void;
  /** Takes the line off the terminal. Call it before printing anything else, and always at the end. */
  stop(): void;
}

/** Starts a display of `what` counted in `unit`; `total` is 0 while unknown. */
export function startProgress(terminal: Terminal, what: string, unit: string, total: number): Progress {
  const { options, interactive } = terminal;
  if (options.quiet || options.json) return { update: () => {}, stop: () => {} };

  const began = performance.now();
  let done = 0;
  let of = total;
  const line = (): string => describe(what, unit, done, of, performance.now() - began);
  const draw = (): void => {
    if (interactive) terminal.writeError(eraseLine + bar(terminal, line(), of > 0 ? done / of : undefined));
    else terminal.error(line());
  };
  const timer = setInterval(draw, interactive ? redrawEveryMs : plainLineEveryMs);
  // A display must never be what keeps the process alive.
  timer.unref();
  return {
    update: (value, newTotal) => {
      done = value;
      if (newTotal !== undefined) of = newTotal;
    },
    stop: () => {
      clearInterval(timer);
      if (interactive) terminal.writeError(eraseLine);
    },
  };
}

/** The line's text: `simulating  4.20 M of 10.0 M events · 12.3 M/s · 0.5 s left`. */
export function describe(what: string, unit: string, done: number, total: number, elapsedMs: number): string {
  const rate = elapsedMs > 0 ? (done / elapsedMs) * 1000 : 0;
  const amount = total > 0 ? `${compact(done)} of ${compact(total)} ${unit}` : `${integer(done)} ${unit}`;
  const parts = [`${what}  ${amount}`, `${compact(rate)}/s`];
  if (total > 0 && rate > 0 && done < total) parts.push(`${duration(((total - done) / rate) * 1e9)} left`);
  return parts.join(' · ');
}

function bar(terminal: Terminal, text: string, share: number | undefined): string {
  const room = terminal.columns() - text.length - 3;
  if (share === undefined || room < 10) return text.slice(0, terminal.columns() - 1);
  const width = Math.min(30, room);
  const filled = Math.round(Math.min(1, share) * width);
  return `${text}  ${terminal.paintError('cyan', '█'.repeat(filled))}${terminal.paintError('dim', '░'.repeat(width - filled))}`;
}
