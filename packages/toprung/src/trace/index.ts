/**
 * `trace`: where the time of an order goes.
 *
 * - {@link trace.doctor}: what of tracing works on this machine.
 * - {@link trace.record}, {@link trace.arm}: runs under toprung's own flight recorder, with triggers.
 * - {@link trace.capture}: the best way that the machine has: magic-trace, perf, or the flight recorder.
 * - {@link trace.mark}: calls magic-trace's stop indicator.
 * - {@link trace.analyze}, {@link trace.diff}: what a trace says, and whether another is slower.
 * - {@link trace.exportTo}, {@link trace.report}, {@link trace.diffReport}: for other tools, for people.
 * - {@link trace.verify}, {@link trace.checkup}: whether a trace is sound, by the reader and by a second opinion.
 */
import { analyze, diff, exportTo, verify } from './analysis.js';
import { type CaptureOptions, capture } from './capture.js';
import { checkup } from './check.js';
import { doctor } from './doctor.js';
import { mark } from './hook.js';
import { diffReport, report } from './markdown.js';
import { arm, record } from './record.js';

export type {
  Bucket,
  Comparison,
  Insight,
  Lengths,
  Period,
  SlowOrder,
  Step,
  TraceAnalysis,
  TraceDifference,
  TraceQuality,
  TraceVerification,
} from './analysis.js';
export { EXPORT_FORMATS } from './analysis.js';
export type { Capture, CaptureOptions } from './capture.js';
export type { TraceCheckup } from './check.js';
export type { TraceCheck, TraceDoctor, TraceMode } from './doctor.js';
export type { CaptureState } from './magic-trace.js';
export { timeline } from './markdown.js';
export {
  type LatencyFigures,
  PLANTS,
  RECORD_LEVELS,
  type RecordHit,
  type RecordInterval,
  type RecordOptions,
  type RecordProgress,
  type RecordReport,
  type Tracer,
  type TracerStatus,
} from './record.js';
export { TraceToolError } from './tool-error.js';

/** Tracing. */
export const trace = {
  doctor: (): ReturnType<typeof doctor> => doctor(),
  record,
  arm,
  capture: (options: CaptureOptions): ReturnType<typeof capture> => capture(options),
  mark,
  analyze,
  diff,
  exportTo,
  report,
  diffReport,
  verify,
  checkup,
} as const;
