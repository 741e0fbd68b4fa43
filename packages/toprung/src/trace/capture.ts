/**
 * `trace.capture()`: records a run of toprung, another process or a command in the best way that this machine has.
 */
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, release, tmpdir } from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { parseConfig } from '../config.js';
import { ToprungError } from '../errors.js';
import type { RunOptions } from '../run.js';
import { type TraceVerification, verify } from './analysis.js';
import { PATIENCE_MS } from './child.js';
import type { Place, TraceMode } from './doctor.js';
import { triggerFor } from './elf.js';
import { hookInfo } from './hook.js';
import { type CaptureState, runMagicTrace, type TraceTarget } from './magic-trace.js';
import { runPerf } from './perf.js';
import {
  arm,
  type RecordOptions,
  type RecordProgress,
  type RecordReport,
  recordOptionsSchema,
  type Tracer,
} from './record.js';
import type { TriggerHit } from './sexp.js';
import { askTool, type Environment, isAtLeast, type Tool } from './tools.js';

const id = z
  .int()
  .min(1)
  .max(2 ** 31);
const ms = (otherwise: number, what: string) => z.int().min(1).max(86_400_000).default(otherwise).describe(what);

/** What `trace.capture()` takes. */
export const captureOptionsSchema = z.strictObject({
  target: z
    .union([
      z.strictObject({ run: recordOptionsSchema }).describe('A run of toprung, as `trace.record()` takes it.'),
      z.strictObject({ pid: id, tid: id.optional() }).describe('A process, or one thread of it.'),
      z.strictObject({ command: z.tuple([z.string().min(1)], z.string()) }).describe('A command with its arguments.'),
    ])
    .describe('What is traced.'),
  mode: z.enum(['auto', 'intel-pt', 'sampling', 'flight-recorder']).default('auto').describe('How.'),
  trigger: z.string().min(1).describe('magic-trace’s trigger: `.`, a symbol, `addr:0x…`.').optional(),
  out: z.string().min(1).describe('The trace: .fxt.gz, or .perf for samples.'),
  workDir: z
    .string()
    .min(1)
    .describe('Where the tools keep their own files; else a folder that is removed.')
    .optional(),
  timeoutMs: ms(30_000, 'Longest recording.'),
  readyTimeoutMs: ms(5_000, 'Longest time until the tool records.'),
  decodeTimeoutMs: ms(300_000, 'Longest time to decode.'),
  frequency: z.int().min(1).max(100_000).default(1_999).describe('Samples per second, of sampling.'),
  callGraph: z.enum(['dwarf', 'fp']).default('dwarf').describe('How sampling finds callers.'),
  magicTraceArgs: z.array(z.string()).default([]).describe('Further arguments of magic-trace.'),
});

/** What `trace.capture()` takes. */
export type CaptureOptions = z.input<typeof captureOptionsSchema> &
  RunOptions<RecordProgress> & {
    /** Told of every state. */
    onState?: (state: CaptureState) => void;
    /** Called once the tool records: arm your trigger or start the load here. */
    onReady?: () => void | Promise<void>;
    /** The recording ends when this settles; e.g. when your own trigger fired. */
    until?: Promise<unknown>;
  };

type Complete = z.output<typeof captureOptionsSchema>;

/** What was recorded, and how. Also written beside the trace, as `<out>.json`. */
export interface Capture {
  schema: 'toprung.capture/1';
  mode: TraceMode;
  /** Why that, in one line. */
  why: string;
  out: string;
  /** What was started; `null` of the flight recorder. */
  argv: string[] | null;
  trigger: string | null;
  /** Times that the trigger was met, as the tool has them. */
  hits: TriggerHit[];
  warnings: string[];
  decodeErrors: number;
  /** Whether the trace is sound. */
  verification: TraceVerification;
  /** The run, if it was one of toprung. */
  report: RecordReport | null;
  machine: { cpu: string; kernel: string; perf: string | null; magicTrace: string | null };
}

/** What is here, as far as it decides the way. */
interface Tools {
  perf: Tool | undefined;
  magic: Tool | undefined;
  pt: boolean;
}

/** Records. @throws ToprungError, TraceToolError `ERR_TOPRUNG_TRACE_…`; AbortError */
export async function capture(options: CaptureOptions, place: Place = {}): Promise<Capture> {
  const { onState, onReady, until, onProgress, signal, ...rest } = options;
  const { root = '/', env = process.env } = place;
  const given = parseConfig(captureOptionsSchema, rest);
  // Before anything is recorded, so that a folder that is not there does not cost the recording.
  const folder = path.dirname(path.resolve(given.out));
  if (!existsSync(folder)) {
    throw new ToprungError('ERR_TOPRUNG_OUTPUT', `out: there is no folder ${folder}`, { path: 'out' });
  }
  const [perf, magic] = await Promise.all([askTool('perf', env), askTool('magic-trace', env)]);
  const tools = { perf, magic, pt: existsSync(path.join(root, 'sys/bus/event_source/devices/intel_pt')) };
  const { mode, why } = choose(given, tools);
  const workDir = makeWorkDir(given.workDir);
  const watch: Watch = {
    env,
    signal,
    onProgress,
    until,
    onState: onState ?? (() => {}),
    onReady: onReady ?? (() => {}),
  };
  try {
    const done = await record(given, mode, tools, workDir, watch);
    const verification = await verify(given.out);
    if (verification.spans === 0) {
      throw new ToprungError('ERR_TOPRUNG_TRACE_EMPTY', `${given.out}: the trace holds no spans and no samples`);
    }
    const result: Capture = {
      schema: 'toprung.capture/1',
      mode,
      why,
      out: given.out,
      ...done,
      verification,
      machine: {
        cpu: cpus()[0]?.model.trim() ?? 'unknown',
        kernel: release(),
        perf: perf?.says ?? null,
        magicTrace: magic?.says ?? null,
      },
    };
    writeWhole(`${given.out}.json`, `${JSON.stringify(result, null, 2)}\n`);
    return result;
  } finally {
    if (given.workDir === undefined) rmSync(workDir, { recursive: true, force: true });
  }
}

function makeWorkDir(named: string | undefined): string {
  try {
    if (named === undefined) return mkdtempSync(path.join(tmpdir(), 'toprung-trace-'));
    mkdirSync(named, { recursive: true });
    return named;
  } catch (cause) {
    throw new ToprungError('ERR_TOPRUNG_OUTPUT', `workDir: ${(cause as Error).message}`, { path: 'workDir', cause });
  }
}

/** The way, and why; an error if the one that is asked for cannot be gone. */
function choose({ target, mode }: Complete, tools: Tools): { mode: TraceMode; why: string } {
  const own = 'run' in target;
  if (mode === 'flight-recorder') {
    if (own) return { mode, why: 'asked for' };
    throw new ToprungError(
      'ERR_TOPRUNG_TRACE_OPTION',
      'mode: the flight recorder is part of toprung: it records runs of toprung, not other processes',
      { path: 'mode' },
    );
  }
  if (mode === 'intel-pt') {
    require_('magic-trace', tools.magic);
    if (!tools.pt) {
      throw new ToprungError(
        'ERR_TOPRUNG_TRACE_NO_INTEL_PT',
        'the kernel has no /sys/bus/event_source/devices/intel_pt: this processor or virtual machine has no Intel PT',
      );
    }
    require_('perf', tools.perf);
    return { mode, why: 'asked for' };
  }
  if (mode === 'sampling') {
    require_('perf', tools.perf);
    return { mode, why: 'asked for' };
  }
  if (tools.pt && tools.magic !== undefined && tools.perf !== undefined) {
    return { mode: 'intel-pt', why: 'Intel PT, perf and magic-trace are here: every call is recorded' };
  }
  const lacking = !tools.pt ? 'no Intel PT' : tools.magic === undefined ? 'no magic-trace' : 'no perf';
  if (own) return { mode: 'flight-recorder', why: `${lacking}: the run records itself` };
  require_('perf', tools.perf);
  return { mode: 'sampling', why: `${lacking}: perf samples stacks` };
}

function require_(name: 'perf' | 'magic-trace', tool: Tool | undefined): asserts tool is Tool {
  if (tool !== undefined) return;
  throw new ToprungError(
    name === 'perf' ? 'ERR_TOPRUNG_TRACE_PERF_MISSING' : 'ERR_TOPRUNG_TRACE_MAGIC_MISSING',
    `${name} is neither on the PATH nor named by ${name === 'perf' ? 'MAGIC_TRACE_PERF_PATH' : 'MAGIC_TRACE'}: \`toprung trace doctor\` says what to do`,
  );
}

interface Watch {
  env: Environment;
  signal: AbortSignal | undefined;
  onProgress: RunOptions<RecordProgress>['onProgress'];
  until: Promise<unknown> | undefined;
  onState: (state: CaptureState) => void;
  onReady: () => void | Promise<void>;
}

type Done = Pick<Capture, 'argv' | 'trigger' | 'hits' | 'warnings' | 'decodeErrors' | 'report'>;

async function record(given: Complete, mode: TraceMode, tools: Tools, workDir: string, watch: Watch): Promise<Done> {
  const nothing = { argv: null, trigger: null, hits: [], warnings: [], decodeErrors: 0, report: null };
  if (!('run' in given.target)) {
    const target: TraceTarget =
      'pid' in given.target ? { pid: given.target.tid ?? given.target.pid } : { command: given.target.command };
    const wholeProcess = 'pid' in given.target && given.target.tid === undefined;
    const done = await byTool(given, mode, tools, workDir, watch, { target, wholeProcess, trigger: given.trigger });
    return { ...nothing, ...done };
  }
  const { run } = given.target;
  if (mode === 'flight-recorder') {
    const { signal, onProgress } = watch;
    watch.onState('spawned');
    const report = await arm({ ...run, output: given.out } as RecordOptions).run({ signal, onProgress });
    watch.onState('decoded');
    return { ...nothing, hits: report.hits.map(asHit), report };
  }
  return { ...nothing, ...(await ownRun(given, run as RecordOptions, mode, tools, workDir, watch)) };
}

function asHit({ command }: { command: number }): TriggerHit {
  return { name: 'flight-recorder', argument: null, command, tid: null };
}

/** A run of toprung on its native thread, while a tool watches that thread. */
async function ownRun(
  given: Complete,
  run: RecordOptions,
  mode: TraceMode,
  tools: Tools,
  workDir: string,
  watch: Watch,
): Promise<Partial<Done>> {
  const tracer: Tracer = arm({ ...run, output: null });
  tracer.arm(false);
  let running: Promise<RecordReport> | undefined;
  let ended: () => void = () => {};
  const over = new Promise<void>((resolve) => {
    ended = resolve;
  });
  const trigger = mode === 'intel-pt' && run.trigger !== undefined ? stopIndicator() : undefined;
  const done = await byTool(
    given,
    mode,
    tools,
    workDir,
    {
      ...watch,
      until: watch.until === undefined ? over : Promise.race([watch.until, over]),
      onReady: async () => {
        tracer.arm(true);
        running = tracer.run({ signal: watch.signal, onProgress: watch.onProgress });
        running.then(ended, ended);
        await watch.onReady();
      },
    },
    { target: { pid: tracer.tid }, wholeProcess: false, trigger },
  );
  return { ...done, report: (await running) ?? null };
}

/** The stop indicator of this process as a trigger. */
function stopIndicator(): string {
  const info = hookInfo();
  const trigger = info === undefined ? undefined : triggerFor('/proc/self', BigInt(info.address));
  if (trigger !== undefined) return trigger;
  throw new ToprungError('ERR_TOPRUNG_TRACE_SYMBOL', 'it cannot be told where the stop indicator is in this process');
}

async function byTool(
  given: Complete,
  mode: TraceMode,
  tools: Tools,
  workDir: string,
  watch: Watch,
  { target, wholeProcess, trigger }: { target: TraceTarget; wholeProcess: boolean; trigger: string | undefined },
): Promise<Partial<Done>> {
  const { out, readyTimeoutMs, timeoutMs, decodeTimeoutMs } = given;
  const common = { patienceMs: PATIENCE_MS, workDir, out, readyTimeoutMs, timeoutMs, decodeTimeoutMs, ...watch };
  if (mode === 'sampling') {
    require_('perf', tools.perf);
    const { frequency, callGraph } = given;
    const hasControl = isAtLeast(tools.perf.version, [5, 10]);
    return await runPerf({
      tool: tools.perf.path,
      target: { ...target, wholeProcess },
      frequency,
      callGraph,
      hasControl,
      ...common,
    });
  }
  require_('magic-trace', tools.magic);
  const done = await runMagicTrace({ tool: tools.magic.path, target, trigger, args: given.magicTraceArgs, ...common });
  return { ...done, trigger: trigger ?? null };
}

function writeWhole(file: string, text: string): void {
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    writeFileSync(temporary, text);
    renameSync(temporary, file);
  } catch (cause) {
    rmSync(temporary, { force: true });
    throw new ToprungError('ERR_TOPRUNG_OUTPUT', `${file}: ${(cause as Error).message}`, { path: file, cause });
  }
}
