/**
 * `trace.analyze()`, `trace.diff()`, `trace.exportTo()`, `trace.verify()`: what a trace file says. The work is Rust's.
 */
import { z } from 'zod';
import { parseConfig } from '../config.js';
import { fromNative } from '../errors.js';
import { native } from '../native.js';
import { toPath } from '../paths.js';

/** Kinds of work. */
export type Bucket =
  | 'order'
  | 'core'
  | 'allocator'
  | 'page-fault'
  | 'kernel'
  | 'memory-copy'
  | 'napi'
  | 'format'
  | 'math'
  | 'recorder'
  | 'other';

/** Lengths of calls or orders, ns. */
export interface Lengths {
  count: number;
  minNs: number;
  p50Ns: number;
  p90Ns: number;
  p99Ns: number;
  p999Ns: number;
  maxNs: number;
  meanNs: number;
}

/** A 95 % interval. */
export interface Interval {
  low: number;
  high: number;
}

/** Something that comes back at regular order numbers. */
export interface Period {
  /** Every so many orders. */
  every: number;
  /** The remainder of the order numbers. */
  phase: number;
  /** Orders that fit, of all that were looked at. */
  fitting: number;
  of: number;
  /** Share of the places where one is due that have one. */
  coverage: number;
}

/** A function or stage. `total` and `own` are ns, or samples. */
export interface FunctionRow {
  name: string;
  bucket: Bucket;
  /** 0 of samples. */
  calls: number;
  /** With everything below; recursion counts once. */
  total: number;
  /** Without. */
  own: number;
  ownShare: number;
  ownPerOrder: number | null;
  lengths: Lengths | null;
}

/** One kind of work: within orders where there are any. */
export interface BucketRow {
  bucket: Bucket;
  calls: number;
  own: number;
  share: number;
}

/** A path of the call tree, in preorder. */
export interface TreeRow {
  name: string;
  depth: number;
  calls: number;
  total: number;
  own: number;
  share: number;
}

/** A step of an order. */
export interface Step {
  name: string;
  bucket: Bucket;
  depth: number;
  atNs: number;
  totalNs: number;
  ownNs: number;
}

/** One of the slowest orders. */
export interface SlowOrder {
  /** Its place in the run. */
  number: number;
  id: number | null;
  kind: string;
  ns: number;
  /** Since the trace began. */
  atNs: number;
  /** Over the median of its kind. */
  timesTypical: number;
  /** What it took when it was run again. */
  replayNs: number | null;
  allocations: number;
  pageFaults: number;
  switches: number;
  criticalPath: Step[];
  steps: Step[];
}

/** Where slow orders of a kind spend more than typical ones (40th to 60th percentile). */
export interface Comparison {
  kind: string;
  /** The percentile from which an order is slow, as a share. */
  slowFrom: number;
  slow: number;
  typical: number;
  slowNs: number;
  typicalNs: number;
  paths: {
    path: string;
    bucket: Bucket;
    slowNs: number;
    typicalNs: number;
    excessNs: number;
    interval: Interval;
    share: number;
    inSlow: number;
    inTypical: number;
  }[];
}

/** One thing that the trace shows. */
export interface Insight {
  rule:
    | 'allocation'
    | 'page-fault'
    | 'stall'
    | 'preemption'
    | 'sweep'
    | 'napi'
    | 'format'
    | 'sampled-allocator'
    | 'slowest'
    | 'where-time-goes';
  /** `warning`: it costs time that need not be spent. `info`: it is so. */
  severity: 'warning' | 'info';
  title: string;
  evidence: string[];
  confidence: 'high' | 'medium';
  next: string;
  /** Orders in question, at most ten. */
  orders: number[];
  stage: string | null;
  period: Period | null;
}

/** How far the trace can be trusted. */
export interface TraceQuality {
  windowNs: number;
  threads: number;
  spans: number;
  censored: number;
  orphanEnds: number;
  openAtEnd: number;
  overlaps: number;
  decodeErrors: number;
  overflows: number;
  unknownShare: number;
  unexplainedPauses: number;
  resolution: string;
  remarks: string[];
}

/** What a trace says. */
export interface TraceAnalysis {
  source: 'flight-recorder' | 'intel-pt' | 'spans' | 'sampling';
  unit: 'ns' | 'samples';
  total: number;
  orders: {
    count: number;
    whole: number;
    foundBy: string;
    latency: Lengths;
    kinds: { kind: string; latency: Lengths }[];
  } | null;
  functions: FunctionRow[];
  buckets: BucketRow[];
  tree: TreeRow[];
  slowest: SlowOrder[];
  comparisons: Comparison[];
  slowPeriod: Period | null;
  /** Warnings first. */
  insights: Insight[];
  quality: TraceQuality;
}

/** What `trace.diff()` found. */
export interface TraceDifference {
  verdict: 'regress' | 'improve' | 'none' | 'inconclusive';
  /** In one sentence. */
  why: string;
  /** `ns` for each order, or the `share` of samples. */
  unit: 'ns' | 'share';
  count: [number, number];
  measures: {
    name: 'median' | 'mean' | 'p99';
    a: number;
    b: number;
    change: number;
    interval: Interval;
    /** What two halves of one trace differ by. */
    noise: number;
    verdict: TraceDifference['verdict'];
  }[];
  paths: { path: string; a: number; b: number; change: number }[];
}

/** What `trace.verify()` found. */
export interface TraceVerification {
  sound: boolean;
  format: 'fxt' | 'perf-script';
  events: number;
  spans: number;
  threads: number;
  depthMax: number;
  problems: string[];
}

const roots = z
  .array(z.string().min(1))
  .default([])
  .describe('Names of the spans that are orders; else they are found.');
const seed = z.int().min(0).max(Number.MAX_SAFE_INTEGER).default(1).describe('Seed of the intervals.');

/** How a trace is analysed. */
export const analyzeOptionsSchema = z.strictObject({
  roots,
  seed,
  slowest: z.int().min(0).max(1000).default(10).describe('How many of the slowest orders are shown.'),
  functions: z.int().min(1).max(100_000).default(40).describe('Rows of the function table.'),
});

/** How traces are compared. */
export const diffOptionsSchema = z.strictObject({
  roots,
  seed,
  leastChange: z.number().min(0).max(1).default(0.03).describe('The smallest change that counts, as a share.'),
});

/** What traces can be written as. */
export const EXPORT_FORMATS = ['fxt', 'chrome', 'speedscope', 'collapsed', 'svg'] as const;

/** What of a trace is written. */
export const exportOptionsSchema = z.strictObject({
  format: z.enum(EXPORT_FORMATS),
  fromNs: z.int().min(0).describe('From so many ns after the first event.').optional(),
  toNs: z.int().min(0).describe('To so many ns after the first event.').optional(),
  order: z.int().min(0).describe('Only this order and 50 µs around it.').optional(),
  ordersOnly: z.boolean().describe('Of svg and collapsed: orders alone, not what is between them.').optional(),
  title: z.string().describe('Title of a flame graph.').optional(),
  against: z
    .string()
    .min(1)
    .describe('Of svg: another trace; colours say what became slower or faster since.')
    .optional(),
});

/** Analyses a Fuchsia trace or the text of `perf script`. @throws ToprungError `ERR_TOPRUNG_TRACE_…` */
export async function analyze(
  file: string | URL,
  options: z.input<typeof analyzeOptionsSchema> = {},
): Promise<TraceAnalysis> {
  const complete = JSON.stringify(parseConfig(analyzeOptionsSchema, options));
  const path = toPath('file', file);
  return await call(() => native().traceAnalyze(path, complete));
}

/** Compares `b` with `a`. A difference is no error: see `verdict`. @throws ToprungError `ERR_TOPRUNG_TRACE_…` */
export async function diff(
  a: string | URL,
  b: string | URL,
  options: z.input<typeof diffOptionsSchema> = {},
): Promise<TraceDifference> {
  const complete = JSON.stringify(parseConfig(diffOptionsSchema, options));
  const [first, second] = [toPath('a', a), toPath('b', b)];
  return await call(() => native().traceDiff(first, second, complete));
}

/** Writes a trace for another tool; the file appears whole or not at all. @throws ToprungError `ERR_TOPRUNG_TRACE_…` */
export async function exportTo(
  file: string | URL,
  out: string | URL,
  options: z.input<typeof exportOptionsSchema>,
): Promise<void> {
  const { format, ...rest } = parseConfig(exportOptionsSchema, options);
  const [from, to] = [toPath('file', file), toPath('out', out)];
  try {
    await native().traceExport(from, to, format, JSON.stringify(rest));
  } catch (error) {
    throw fromNative(error);
  }
}

/** Reads a trace to its end and says what is wrong with it. @throws ToprungError if it is no trace at all */
export async function verify(file: string | URL): Promise<TraceVerification> {
  const path = toPath('file', file);
  return await call(() => native().traceVerify(path));
}

async function call<T>(work: () => Promise<string>): Promise<T> {
  try {
    return JSON.parse(await work()) as T;
  } catch (error) {
    throw fromNative(error);
  }
}
