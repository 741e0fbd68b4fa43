/**
 * The stop indicator in the addon: where it is, how it is called, and whether a breakpoint on it is met.
 */
import { fromNative } from '../errors.js';
import { native } from '../native.js';

/** Where magic-trace's trigger is in this process. */
export interface HookInfo {
  /** Address in memory, `0x…`. */
  address: string;
  pid: number;
  /** The thread that asked. */
  tid: number;
  /** What times are read from. */
  clock: { source: string; ticksPerSecond: number; readNs: number };
}

/** The stop indicator of this process; `undefined` if the addon does not load. */
export function hookInfo(): HookInfo | undefined {
  try {
    return JSON.parse(native().traceInfo()) as HookInfo;
  } catch {
    return undefined;
  }
}

/** How a hardware breakpoint on the stop indicator, set as magic-trace sets it, was met. */
export interface BreakpointProbe {
  fires: number;
  /** Calls that were caught; not there if the kernel forbids the probe. */
  hits?: number;
  /** Why it could not be tried. */
  skipped?: string;
}

/** Calls the hook some times under a breakpoint; `undefined` if the addon does not load. */
export function probeBreakpoint(fires = 10): BreakpointProbe | undefined {
  try {
    return { fires, ...(JSON.parse(native().traceProbe(fires)) as Omit<BreakpointProbe, 'fires'>) };
  } catch {
    return undefined;
  }
}

/**
 * Calls the stop indicator on the calling thread: a magic-trace that is attached to it with this trigger takes its
 * snapshot. Without one it costs a call.
 *
 * @param argument - 0 to 2^53 − 1; magic-trace writes it beside the hit.
 * @throws ToprungError `ERR_TOPRUNG_OUT_OF_RANGE`
 */
export function mark(argument = 0): void {
  try {
    native().traceMark(argument);
  } catch (error) {
    throw fromNative(error);
  }
}
