/**
 * `trace.record()` and `trace.arm()`: toprung's own runs under the flight recorder.
 */
import { z } from 'zod';
import { parseConfig, simulationConfigSchema } from '../config.js';
import { fromNative } from '../errors.js';
import { marketConfigSchema } from '../market-schema.js';
import { COMMAND_KINDS, EVENT_KINDS } from '../names.js';
import { type NativeTracer, native } from '../native.js';
import { toPath } from '../paths.js';
import { carryOut, type RunOptions } from '../run.js';

const count = (what: string) => z.int().min(0).max(Number.MAX_SAFE_INTEGER).describe(what);

/** What makes the recorder keep an order, and magic-trace take its snapshot. All conditions must hold. */
export const triggerSchema = z
  .strictObject({
    latencyOverNs: count('Orders that take longer than so many nanoseconds.').optional(),
    everyNth: z.int().min(1).max(Number.MAX_SAFE_INTEGER).describe('Every so many orders.').optional(),
    slowestSoFar: z.boolean().describe('Orders that are slower than all before them.').optional(),
    kinds: z.array(z.enum(COMMAND_KINDS)).describe('Commands of these kinds alone.').optional(),
    events: z.array(z.enum(EVENT_KINDS)).describe('Orders with an event of one of these kinds.').optional(),
    levelsMin: count('Orders that sweep at least so many price levels.').optional(),
    warmup: count('Orders to pass over first.').optional(),
    cooldown: count('Orders to pass over after each hit.').optional(),
    hitsMax: z.int().min(1).max(1_000).describe('Hits after which the trigger is done.').optional(),
  })
  .describe('When an order is worth keeping.');

/** How much the recorder writes. */
export const RECORD_LEVELS = ['off', 'order', 'stages', 'everything'] as const;

/** Faults that may be planted, to see that they are found. */
export const PLANTS = ['alloc', 'stall', 'page'] as const;

/** What `trace.record()` takes. */
export const recordOptionsSchema = z
  .strictObject({
    scenario: z.string().min(1).describe('A scenario by its name; of the catalogue, its treatment.').optional(),
    config: simulationConfigSchema.optional(),
    market: marketConfigSchema
      .describe('A market of agents; those that are decided from outside do nothing.')
      .optional(),
    journal: z.string().min(1).describe('The folder of a journal, to be run again.').optional(),
    day: z.string().min(1).describe('A replay file, or the message file of a LOBSTER day.').optional(),
    seed: count('Another seed than the configuration’s.').optional(),
    book: count('Which book of the simulation, or which market of those of one seed, is recorded.').optional(),
    events: z
      .int()
      .min(1)
      .max(2 ** 40)
      .describe('Commands to run.')
      .optional(),
    level: z.enum(RECORD_LEVELS).default('stages').describe('What is written of an order.'),
    every: z
      .int()
      .min(1)
      .max(2 ** 32)
      .describe('One order in so many; else as many as the budget allows.')
      .optional(),
    budgetPercent: z
      .number()
      .positive()
      .max(50)
      .describe(
        'What recording may cost, in percent: else 2, and no limit where every order must be timed: a trigger on ' +
          'latency, a rate, the level `everything`.',
      )
      .optional(),
    ringEntries: z
      .int()
      .min(64)
      .max(2 ** 24)
      .describe('Entries of 16 bytes that the ring keeps; the oldest go.')
      .optional(),
    trigger: triggerSchema.optional(),
    context: z.int().min(0).max(1_024).describe('Orders kept around a hit.').optional(),
    replay: z.boolean().describe('Whether the orders around hits are run again in full detail.').optional(),
    holdMs: z.int().min(0).max(1_000).describe('Wait after a hit, so that magic-trace’s ring keeps it.').optional(),
    plant: z.array(z.enum(PLANTS)).describe('Faults to plant: for tests and for practice.').optional(),
    ratePerSecond: z.number().min(1).max(1e9).describe('Orders are due at this rate (open loop).').optional(),
    intervalMs: z.int().min(1).max(60_000).describe('Length of an interval of the report.').optional(),
    output: z.string().min(1).nullable().default(null).describe('Where the trace is written: .fxt or .fxt.gz.'),
  })
  .refine((o) => [o.scenario, o.config, o.market, o.journal, o.day].filter((x) => x !== undefined).length === 1, {
    message: 'expected exactly one of scenario, config, market, journal and day',
  });

/** What `trace.record()` takes. */
export type RecordOptions = z.input<typeof recordOptionsSchema>;

/** Latencies, ns. */
export interface LatencyFigures {
  /** A kind of command, or `all`. */
  kind: string;
  count: number;
  meanNs: number;
  minNs: number;
  p50Ns: number;
  p90Ns: number;
  p99Ns: number;
  p999Ns: number;
  p9999Ns: number;
  maxNs: number;
}

/** An order that met the trigger. */
export interface RecordHit {
  /** Its place in the run, from 0. */
  command: number;
  kind: string;
  latencyNs: number;
  /** What the same order took when it was run again; `null` if it was not. */
  replayNs: number | null;
  fills: number;
  levels: number;
  /** Where it begins in the trace. */
  startNs: number;
}

/** One interval of a recorded run; the latencies are 0 if nothing was timed in it. */
export interface RecordInterval {
  endNs: number;
  commands: number;
  timed: number;
  p50Ns: number;
  p99Ns: number;
  p999Ns: number;
  maxNs: number;
  allocations: number;
  pageFaults: number;
  ctxSwitches: number;
  cpuMigrations: number | null;
}

/** What a recorded run did. */
export interface RecordReport {
  /** The trace; `null` if none was asked for. */
  output: string | null;
  level: (typeof RECORD_LEVELS)[number];
  /** One order in so many was recorded at the end. */
  every: number;
  /** Whether that was the recorder's own choice. */
  adaptive: boolean;
  /** What recording an order was reckoned to cost. */
  costNs: number;
  /** Commands carried out, warm-up included. */
  commands: number;
  recorded: number;
  /** Digest of the events: that of the same run without a recorder. */
  digest: string;
  cancelled: boolean;
  elapsedNs: number;
  hits: RecordHit[];
  /** Latencies by kind of command: from start to end. */
  latency: LatencyFigures[];
  /** The same from when an order was due; empty without a rate. */
  response: LatencyFigures[];
  intervals: RecordInterval[];
  allocations: number;
  allocBytes: number;
  minorFaults: number;
  majorFaults: number;
  voluntarySwitches: number;
  involuntarySwitches: number;
  cpuMigrations: number | null;
  clock: 'tsc' | 'monotonic';
  ticksPerSecond: number;
  clockReadNs: number;
  traceEvents: number;
  tracePartial: number;
  traceBytes: number;
}

/** How far a recorded run is. */
export interface RecordProgress {
  commandsDone: number;
  commandsTotal: number;
  fraction: number;
}

/** What a {@link Tracer} is about. */
export interface TracerStatus {
  armed: boolean;
  hits: number;
  commands: number;
  lastLatencyNs: number;
}

/** A run that is ready to go, on a native thread of its own: no JavaScript in its stacks. */
export interface Tracer {
  /** The thread: what magic-trace and perf attach to. */
  readonly tid: number;
  /** Switches the trigger. */
  arm(on: boolean): void;
  status(): TracerStatus;
  /** Does the run, once. @throws AbortError */
  run(options?: RunOptions<RecordProgress>): Promise<RecordReport>;
}

/**
 * Makes a run ready, its trigger armed.
 *
 * ```ts
 * const tracer = trace.arm({ scenario: 'zi-baseline', trigger: { latencyOverNs: 20_000 }, output: 'slow.fxt.gz' });
 * const { hits } = await tracer.run();
 * ```
 *
 * @throws ToprungError `ERR_TOPRUNG_CONFIG`, `ERR_TOPRUNG_UNKNOWN_SCENARIO`, `ERR_TOPRUNG_NATIVE_MISSING`
 */
export function arm(options: RecordOptions): Tracer {
  const complete = parseConfig(recordOptionsSchema, options);
  let tracer: NativeTracer;
  try {
    tracer = new (native().NativeTracer)(JSON.stringify(complete));
  } catch (error) {
    throw fromNative(error);
  }
  return {
    tid: tracer.tid,
    arm: (on) => tracer.arm(on),
    status: () => JSON.parse(tracer.status()) as TracerStatus,
    run: (watch = {}) => run(tracer, watch),
  };
}

async function run(tracer: NativeTracer, watch: RunOptions<RecordProgress>): Promise<RecordReport> {
  return await carryOut<RecordReport, RecordProgress>(
    {
      name: 'the recording',
      async start(cancel, tell) {
        return JSON.parse(await tracer.run(cancel, tell)) as RecordReport;
      },
      progress: (done, total) => ({
        commandsDone: done,
        commandsTotal: total,
        fraction: total === 0 ? 0 : Math.min(done / total, 1),
      }),
      finalProgress: (r) => ({ commandsDone: r.commands, commandsTotal: r.commands, fraction: 1 }),
      isPartial: (r) => r.cancelled,
    },
    watch,
  );
}

/**
 * Runs a scenario under the flight recorder and writes the trace.
 *
 * @throws as {@link arm}; AbortError
 */
export async function record(options: RecordOptions & RunOptions<RecordProgress>): Promise<RecordReport> {
  const { onProgress, signal, ...rest } = options;
  if (rest.output != null) rest.output = toPath('output', rest.output);
  return await arm(rest).run({ onProgress, signal });
}
