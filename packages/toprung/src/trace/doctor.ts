/**
 * `trace.doctor()`: what of tracing works on this machine, why the rest does not, and which way is taken.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { arch, platform, release, tmpdir } from 'node:os';
import path from 'node:path';
import { nativeStatus } from '../native.js';
import { readElf } from './elf.js';
import { hookInfo, probeBreakpoint } from './hook.js';
import { ask, askTool, type Environment, isAtLeast, type Tool } from './tools.js';

/**
 * How a trace is made. `intel-pt`: every call, by magic-trace. `sampling`: stacks many times a second, by perf.
 * `flight-recorder`: orders and stages, by toprung itself.
 */
export type TraceMode = 'intel-pt' | 'sampling' | 'flight-recorder';

/** One thing that was looked at. */
export interface TraceCheck {
  /** A stable name: `cpu`, `intel-pt`, `perf`, … */
  id: string;
  /** Whether it is as the best way of tracing wants it. */
  ok: boolean;
  /** What was found. */
  value: string;
  /** What to do about it, where something can be done. */
  fix?: string;
}

/** What {@link doctor} found. */
export interface TraceDoctor {
  /** The way that is taken for toprung's own runs. */
  mode: TraceMode;
  /** The way that is taken for other processes; `null` if there is none. */
  attach: 'intel-pt' | 'sampling' | null;
  /** Why, in one line. */
  why: string;
  checks: TraceCheck[];
}

/** Which machine: this one, or in tests one that is made up. */
export interface Place {
  /** In place of `/`, for `/proc` and `/sys`. */
  root?: string;
  env?: Environment;
}

/** The kernel's name of the function that magic-trace's trigger is. */
export const STOP_INDICATOR = 'magic_trace_stop_indicator';

/** The newest magic-trace that stumbles over new perfs, and the first perf that it stumbles over. */
const MAGIC_TRACE_FRAGILE = [1, 2, 4];
const PERF_TOO_NEW = [6, 15];
/** The first perf that takes commands while it runs. */
const PERF_CONTROL = [5, 10];
const CAP_PERFMON = 38n;
const CAP_SYS_ADMIN = 21n;

/** Looks at this machine. Takes about a second, since perf is tried. Never throws. */
export async function doctor(place: Place = {}): Promise<TraceDoctor> {
  const { root = '/', env = process.env } = place;
  const machine = new Machine(root);
  const [perf, magic] = await Promise.all([askTool('perf', env), askTool('magic-trace', env)]);
  const pt = machine.has('sys/bus/event_source/devices/intel_pt');
  const live = perf === undefined || !machine.isLinux() ? undefined : await tryPerf(perf, env);
  const checks = [
    platformCheck(machine),
    processor(machine),
    intelPt(machine, pt),
    breakpoints(machine),
    perfCheck(perf, machine),
    paranoid(machine),
    ...limits(machine),
    privileges(machine),
    magicTrace(magic, perf, machine),
    executable(machine),
    ...addon(),
    ...(live === undefined ? [] : [live]),
  ];
  const passes = (id: string) => checks.find((check) => check.id === id)?.ok === true;
  const traces = passes('platform') && pt && passes('magic-trace') && passes('perf') && passes('paranoid');
  const samples = live?.ok === true;
  const attach = traces ? 'intel-pt' : samples ? 'sampling' : null;
  const mode = traces ? 'intel-pt' : passes('addon') ? 'flight-recorder' : samples ? 'sampling' : 'flight-recorder';
  return { mode, attach, why: why(mode, attach, machine, pt, checks), checks };
}

/** The reason in one line: what is missing for the way above, and what the way taken is good for. */
function why(
  mode: TraceMode,
  attach: TraceDoctor['attach'],
  machine: Machine,
  pt: boolean,
  checks: readonly TraceCheck[],
): string {
  if (mode === 'intel-pt') return 'Intel PT, perf and magic-trace are here: every call is recorded';
  const lacking = !machine.isLinux()
    ? 'magic-trace and perf need Linux'
    : !pt
      ? `no Intel PT (${machine.vendor()}${machine.isVirtual() ? ', virtual machine' : ''})`
      : `${checks.find(({ id, ok }) => !ok && ['magic-trace', 'perf', 'paranoid'].includes(id))?.id} is not as it must be`;
  const own =
    mode === 'sampling'
      ? 'perf samples stacks'
      : 'the flight recorder times every order of toprung’s own runs by itself';
  const others = attach === 'sampling' && mode !== 'sampling' ? '; perf samples other processes' : '';
  return `${lacking}: ${own}${others}`;
}

/** Files under a root, read without failing. */
class Machine {
  readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  isLinux(): boolean {
    return this.root !== '/' || platform() === 'linux';
  }

  text(file: string): string | undefined {
    try {
      return readFileSync(path.join(this.root, file), 'utf8').trim();
    } catch {
      return undefined;
    }
  }

  has(file: string): boolean {
    return existsSync(path.join(this.root, file));
  }

  cpu(field: string): string {
    return new RegExp(`^${field}\\s*: (.*)$`, 'm').exec(this.text('proc/cpuinfo') ?? '')?.[1] ?? '';
  }

  vendor(): string {
    const vendor = this.cpu('vendor_id');
    return (
      { AuthenticAMD: 'AMD processor', GenuineIntel: 'Intel processor' }[vendor] ?? (vendor || 'unknown processor')
    );
  }

  isVirtual(): boolean {
    return / hypervisor( |$)/.test(this.cpu('flags'));
  }

  isRoot(): boolean {
    return / 0$/.test(/^Uid:\s+(.*)$/m.exec(this.text('proc/self/status') ?? '')?.[1]?.replace(/\s+/g, ' ') ?? '');
  }

  capable(bit: bigint): boolean {
    const mask = /^CapEff:\s+([0-9a-f]+)$/m.exec(this.text('proc/self/status') ?? '')?.[1];
    return mask !== undefined && ((BigInt(`0x${mask}`) >> bit) & 1n) === 1n;
  }
}

function platformCheck(machine: Machine): TraceCheck {
  const ok = machine.isLinux() && arch() === 'x64';
  const value = `${platform()} ${arch()}, kernel ${machine.text('proc/sys/kernel/osrelease') ?? release()}`;
  return ok ? { id: 'platform', ok, value } : { id: 'platform', ok, value, fix: 'magic-trace runs on Linux on x86-64' };
}

function processor(machine: Machine): TraceCheck {
  const model = machine.cpu('model name') || 'unknown';
  const value = `${model} (${machine.vendor()}${machine.isVirtual() ? ', in a virtual machine' : ''})`;
  return { id: 'cpu', ok: true, value };
}

function intelPt(machine: Machine, pt: boolean): TraceCheck {
  const folder = 'sys/bus/event_source/devices/intel_pt';
  if (!pt) {
    const fix = machine.vendor().startsWith('AMD')
      ? 'only Intel processors have it'
      : machine.isVirtual()
        ? 'most virtual machines hide it; take bare metal, or a host with kvm_intel.pt_mode=1'
        : 'a Skylake or later processor has it';
    return { id: 'intel-pt', ok: false, value: `no /${folder}`, fix };
  }
  const caps = ['psb_cyc', 'ip_filtering', 'num_address_ranges', 'ptwrite']
    .filter((cap) => machine.has(`${folder}/caps/${cap}`))
    .map((cap) => `${cap} ${machine.text(`${folder}/caps/${cap}`)}`);
  const precise = machine.text(`${folder}/caps/psb_cyc`) === '1';
  return {
    id: 'intel-pt',
    ok: true,
    value: `here; ${caps.join(', ') || 'nothing is said of its capabilities'}`,
    ...(precise ? {} : { fix: 'no cycle-accurate packets: times are good to about 1 µs' }),
  };
}

function breakpoints(machine: Machine): TraceCheck {
  const found = probeBreakpoint();
  const here = machine.has('sys/bus/event_source/devices/breakpoint');
  if (found?.hits !== undefined) {
    const value = `${found.hits} of ${found.fires} calls of ${STOP_INDICATOR} in the addon were caught`;
    return { id: 'breakpoint', ok: found.hits === found.fires, value };
  }
  const value = found?.skipped ?? (here ? 'the kernel has them; not tried' : 'the kernel has none');
  return { id: 'breakpoint', ok: here && found?.skipped === undefined, value };
}

function perfCheck(perf: Tool | undefined, machine: Machine): TraceCheck {
  if (perf === undefined) {
    const fix = 'apt install linux-perf (Debian), linux-tools-$(uname -r) (Ubuntu), perf (Fedora)';
    return { id: 'perf', ok: false, value: 'not found', ...(machine.isLinux() ? { fix } : {}) };
  }
  if (perf.version === undefined) {
    const fix =
      'install the perf of this kernel: the wrapper without it prints no version, and magic-trace stops there';
    return { id: 'perf', ok: false, value: `${perf.path} says: ${perf.says || 'nothing'}`, fix };
  }
  const value = `${perf.version.join('.')} (${perf.path})`;
  if (isAtLeast(perf.version, PERF_CONTROL)) return { id: 'perf', ok: true, value };
  return { id: 'perf', ok: true, value, fix: 'before 5.10 perf cannot be started and stopped exactly' };
}

function paranoid(machine: Machine): TraceCheck {
  const level = machine.text('proc/sys/kernel/perf_event_paranoid');
  if (level === undefined) return { id: 'paranoid', ok: false, value: 'the kernel says nothing of it' };
  const may = machine.isRoot() || machine.capable(CAP_PERFMON) || machine.capable(CAP_SYS_ADMIN);
  const ok = may || Number(level) <= 2;
  const value = `perf_event_paranoid ${level}${may ? ', and this user may do all' : ''}`;
  return ok
    ? { id: 'paranoid', ok, value }
    : { id: 'paranoid', ok, value, fix: 'sudo sysctl kernel.perf_event_paranoid=2' };
}

/** What bounds a recording, but keeps none from being made. */
function limits(machine: Machine): TraceCheck[] {
  const of = (id: string, file: string, unit: string): TraceCheck[] => {
    const text = machine.text(`proc/sys/kernel/${file}`);
    return text === undefined ? [] : [{ id, ok: true, value: `${file} ${text}${unit}` }];
  };
  return [
    ...of('kptr', 'kptr_restrict', ''),
    ...of('mlock', 'perf_event_mlock_kb', ' KiB for each processor'),
    ...of('sample-rate', 'perf_event_max_sample_rate', ' samples per second'),
  ];
}

function privileges(machine: Machine): TraceCheck {
  const root = machine.isRoot();
  const perfmon = machine.capable(CAP_PERFMON);
  const value = root ? 'root' : perfmon ? 'CAP_PERFMON' : 'an ordinary user';
  return {
    id: 'privileges',
    ok: true,
    value: `${value}: ${root || perfmon ? 'kernel frames, too' : 'own processes, user space'}`,
  };
}

function magicTrace(magic: Tool | undefined, perf: Tool | undefined, machine: Machine): TraceCheck {
  if (magic === undefined) {
    const fix = 'https://github.com/janestreet/magic-trace/releases, on the PATH or in MAGIC_TRACE';
    return { id: 'magic-trace', ok: false, value: 'not found', ...(machine.isLinux() ? { fix } : {}) };
  }
  const value = `${magic.says || 'says nothing of its version'} (${magic.path})`;
  const fragile = magic.version !== undefined && !isAtLeast(magic.version, [...MAGIC_TRACE_FRAGILE.slice(0, 2), 5]);
  if (fragile && isAtLeast(perf?.version, PERF_TOO_NEW)) {
    const fix = `up to ${MAGIC_TRACE_FRAGILE.join('.')} it cannot read what perf ${perf?.version?.join('.')} prints: build its master, or name an older perf in MAGIC_TRACE_PERF_PATH`;
    return { id: 'magic-trace', ok: false, value, fix };
  }
  return { id: 'magic-trace', ok: true, value };
}

/** magic-trace takes a trigger only of a process whose executable has a symbol table, even if the trigger is an address. */
function executable(machine: Machine): TraceCheck {
  const file = machine.isLinux() ? realpathSync(process.execPath) : process.execPath;
  const elf = readElf(file);
  if (elf === undefined) return { id: 'node', ok: false, value: `${file} is no ELF file` };
  const kind = elf.kind === 'exec' ? 'at a fixed address' : 'position independent';
  const value = `${file}, ${kind}, ${elf.hasSymbolTable ? 'with a symbol table' : 'stripped'}`;
  if (elf.hasSymbolTable) return { id: 'node', ok: true, value };
  return {
    id: 'node',
    ok: false,
    value,
    fix: 'magic-trace takes no trigger of a stripped executable: use node from nodejs.org',
  };
}

/** Whether the addon loads, exports the hook, and has names for its functions. */
function addon(): TraceCheck[] {
  const status = nativeStatus();
  if (!status.loaded) {
    return [{ id: 'addon', ok: false, value: 'could not be loaded', fix: status.error?.message ?? status.package }];
  }
  const objects = (process.report?.getReport() as { sharedObjects?: string[] } | undefined)?.sharedObjects ?? [];
  const file = objects.find((object) => object.endsWith('.node') && /toprung/.test(object));
  const elf = file === undefined ? undefined : readElf(file, [STOP_INDICATOR]);
  const info = hookInfo();
  const where = info === undefined ? '' : `, at ${info.address}`;
  const checks: TraceCheck[] = [
    { id: 'addon', ok: true, value: `loaded${file === undefined ? '' : ` from ${file}`}` },
    {
      id: 'hook',
      ok: info !== undefined,
      value: `${elf?.defines.includes(STOP_INDICATOR) ? 'exported' : 'inside'}${where}`,
    },
  ];
  if (elf !== undefined) {
    const value = elf.hasSymbolTable
      ? 'the addon names its functions'
      : 'the addon is stripped: its frames have no names';
    checks.push({
      id: 'symbols',
      ok: elf.hasSymbolTable,
      value,
      ...(elf.hasSymbolTable ? {} : { fix: 'npm run build in a checkout keeps them' }),
    });
  }
  return checks;
}

/** Records a moment of nothing: containers and kernels refuse in more ways than files say. */
async function tryPerf(perf: Tool, env: Environment): Promise<TraceCheck> {
  const folder = mkdtempSync(path.join(tmpdir(), 'toprung-doctor-'));
  try {
    const node = [process.execPath, '-e', 'for (const end = Date.now() + 50; Date.now() < end; );'];
    await ask(
      perf.path,
      ['record', '-q', '-o', path.join(folder, 'perf.data'), '-e', 'cpu-clock:u', '-F', '999', '--', ...node],
      env,
    );
    const wrote = readdirSync(folder).some((name) => name.startsWith('perf.data'));
    if (wrote) return { id: 'perf-live', ok: true, value: 'perf recorded 50 ms of node by the cpu-clock event' };
    const fix = 'perf_event_open may be forbidden here (containers: --security-opt seccomp=…, --cap-add PERFMON)';
    return { id: 'perf-live', ok: false, value: 'perf recorded nothing', fix };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
