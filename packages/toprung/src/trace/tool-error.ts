/**
 * What tools say when they fail, and what it means.
 */
import { type ErrorCode, ToprungError } from '../errors.js';
import type { ToolName } from './tools.js';

/** A tool failed. The message says what it means; `output` is what the tool said. */
export class TraceToolError extends ToprungError {
  override readonly name = 'TraceToolError';
  /** Which tool. */
  readonly tool: ToolName;
  /** Its own last words. */
  readonly output: string;

  constructor(code: ErrorCode, message: string, tool: ToolName, output: string) {
    super(code, output === '' ? message : `${message}\n${lastLines(output)}`);
    this.tool = tool;
    this.output = output;
  }
}

/** What a person needs to see of it in a message; all of it is in `output`. */
function lastLines(output: string): string {
  return output
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-6)
    .map((line) => `${line.slice(0, 300)}`)
    .join('\n');
}

interface Meaning {
  says: RegExp;
  code: ErrorCode;
  means: string;
}

/** The first that fits counts, so the special stand before the general. */
const MEANINGS: Record<ToolName, readonly Meaning[]> = {
  'magic-trace': [
    {
      says: /relies on "perf", but it is not present/,
      code: 'ERR_TOPRUNG_TRACE_PERF_MISSING',
      means: 'magic-trace finds no perf: install it, or name it in MAGIC_TRACE_PERF_PATH',
    },
    {
      says: /can't find that executable's symbol table|No ELF found/,
      code: 'ERR_TOPRUNG_TRACE_STRIPPED',
      means: 'the executable has no symbol table, so magic-trace takes no trigger: use one that is not stripped',
    },
    {
      says: /Snapshot symbol not found/,
      code: 'ERR_TOPRUNG_TRACE_SYMBOL',
      means:
        'magic-trace looks for symbols in the main executable alone: give the address (addr:0x…) of one in a library',
    },
    {
      says: /unable to interpret perf version string/,
      code: 'ERR_TOPRUNG_TRACE_PERF_OUTPUT',
      means: 'perf says no version that magic-trace understands: install the perf of this kernel',
    },
    {
      says: /BUG: exception raised while parsing perf output[\s\S]*cpu-clock|Unexpected event type[\s\S]*cpu-clock/,
      code: 'ERR_TOPRUNG_TRACE_PERF_OUTPUT',
      means:
        'this machine counts no cycles, and magic-trace cannot read what perf samples instead: take mode `sampling`',
    },
    {
      says: /BUG: exception raised while parsing perf output[\s\S]*tr strt jmp/,
      code: 'ERR_TOPRUNG_TRACE_PERF_OUTPUT',
      means:
        'this perf is too new for this magic-trace: name an older one in MAGIC_TRACE_PERF_PATH, or build its master',
    },
    {
      says: /BUG: exception raised while parsing perf output/,
      code: 'ERR_TOPRUNG_TRACE_PERF_OUTPUT',
      means: 'magic-trace cannot read what perf printed',
    },
    {
      says: /must be run as root in order to trace the kernel/,
      code: 'ERR_TOPRUNG_TRACE_PERMISSION',
      means: 'tracing the kernel needs root',
    },
    {
      says: /Duplicate PIDs|only configurable when|can only be used (in|with)|only supported on an Intel/,
      code: 'ERR_TOPRUNG_TRACE_OPTION',
      means: 'magic-trace refuses the options',
    },
    {
      says: /duration_complete event must have start tick/,
      code: 'ERR_TOPRUNG_TRACE_DECODE',
      means: 'magic-trace cannot write this trace: trace one thread, without -full-execution',
    },
  ],
  perf: [],
};

/** What both say, since magic-trace passes on what perf says. */
const PERF: readonly Meaning[] = [
  {
    says: /Cannot find PMU `?intel_pt|intel_pt.*not supported/,
    code: 'ERR_TOPRUNG_TRACE_NO_INTEL_PT',
    means: 'the kernel has no Intel PT: take mode `sampling`, or record with the flight recorder',
  },
  {
    says: /Permission denied|perf_event_paranoid|Operation not permitted|Access to performance monitoring|No permission to enable/,
    code: 'ERR_TOPRUNG_TRACE_PERMISSION',
    means: 'the kernel forbids it: see kernel.perf_event_paranoid, CAP_PERFMON, and whose process it is',
  },
  {
    says: /No such process|failed to find|Couldn't create thread\/CPU maps/,
    code: 'ERR_TOPRUNG_TRACE_TARGET',
    means: 'the process or thread is not there',
  },
  {
    says: /Workload failed|failed to exec|No such file or directory|ENOENT/,
    code: 'ERR_TOPRUNG_TRACE_TARGET',
    means: 'the command could not be started',
  },
];

/** The error that a tool's words mean. */
export function toolError(
  tool: ToolName,
  output: string,
  otherwise: { code: ErrorCode; means: string },
): TraceToolError {
  const found = [...MEANINGS[tool], ...PERF].find(({ says }) => says.test(output)) ?? otherwise;
  return new TraceToolError(found.code, found.means, tool, output);
}
