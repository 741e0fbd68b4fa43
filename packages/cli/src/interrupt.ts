/**
 * Ctrl-C: the first asks the run to stop and to give what it has, the second ends the process at once.
 *
 * SIGTERM counts as Ctrl-C, so that a supervisor gets a partial summary, too.
 */
import { ExitCode } from './exit-codes.js';
import type { Terminal } from './terminal.js';

/** A signal that Ctrl-C aborts, until `release()` is called. */
export interface Interrupt {
  readonly signal: AbortSignal;
  release(): void;
}

/** Listens for Ctrl-C; `says` is what the person is told. */
export function listenForInterrupt(
  terminal: Terminal,
  says = 'stopping; the summary will be partial (Ctrl-C again ends at once)',
): Interrupt {
  const controller = new AbortController();
  const onSignal = (): void => {
    if (controller.signal.aborted) process.exit(ExitCode.interrupted);
    controller.abort(new Error('interrupted by the user'));
    terminal.note(`${terminal.interactive ? '\r' : ''}${says}`);
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return {
    signal: controller.signal,
    release: () => {
      process.off('SIGINT', onSignal);
      process.off('SIGTERM', onSignal);
    },
  };
}
