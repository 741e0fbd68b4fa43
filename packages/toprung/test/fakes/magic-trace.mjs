// A stand-in for magic-trace that plays one of its parts, named by FAKE_MAGIC: its lines in their order, its failures in
// its own words. It traces nothing.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';

const part = process.env.FAKE_MAGIC ?? 'ok';
const args = process.argv.slice(2);
const say = (line) => process.stderr.write(`${line}\n`);
const after = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const value = (flag) => args[args.indexOf(flag) + 1];

if (args[0] === '-version') {
  process.stdout.write(`${process.env.FAKE_MAGIC_VERSION ?? '1.2.4'}\n`);
  process.exit(0);
}

/** What it says before it gives up. */
const failures = {
  'no-perf': 'magic-trace relies on "perf", but it is not present in your path. You may need to install it.',
  stripped:
    "Cannot select a snapshot symbol because magic-trace can't find that executable's symbol table. Was it built without debug info, or with debug info magic-trace doesn't understand?",
  'no-elf': 'No ELF found',
  symbol: '("Snapshot symbol not found: magic_trace_stop_indicator")',
  duplicate: 'Duplicate PIDs were passed',
  root: 'magic-trace must be run as root in order to trace the kernel',
  callgraph: '[-callgraph-mode] is only configurable when running magic-trace with sampling.',
  lbr: '[-callgraph-mode Last_branch_record] is only supported on an Intel machine which supports LBR. Try passing [Frame_pointers] or [Dwarf] instead.',
  timer: '[-timer-resolution Sample] can only be used in sampling mode. (Did you forget [-sampling]?)',
  'timer-custom':
    '[-timer-resolution Custom] can only be used with Intel PT. (Did you mean to use [-timer-resolution Sample]?)',
  version: '("unable to interpret perf version string" (version "WARNING: perf not found for kernel"))',
  pmu: "event syntax error: 'intel_pt/cyc=1,cyc_thresh=1,mtc_period=0/u'\n                     \\___ Cannot find PMU `intel_pt'. Missing kernel support?",
  denied: 'perf_event_open(): Permission denied',
  gone: 'Could not attach: No such process',
  odd: 'something that nobody foresaw',
};
/** What it says when it cannot read perf. */
const crashes = {
  'cpu-clock':
    'BUG: exception raised while parsing perf output. Please report this to https://github.com/janestreet/magic-trace/issues/\n(exn ("Unexpected event type when parsing perf output" (event_name cpu-clock)))\n(perf_output "10/10 3.5: 1 cpu-clock:u:")',
  'new-perf':
    'BUG: exception raised while parsing perf output. Please report this to https://github.com/janestreet/magic-trace/issues/\n(exn (Failure "no match"))\n(perf_output "1/1 5.5: 1 branches:uH: tr strt jmp 0 [unknown]")',
  unread: 'BUG: exception raised while parsing perf output. Please report this.\n(exn Not_found)\n(perf_output "?")',
};

if (part in failures) {
  say(failures[part]);
  process.exit(1);
}

const trigger = args.includes('-trigger') ? value('-trigger') : undefined;
const folder = value('-working-directory');
let detach;
const detached = new Promise((resolve) => {
  detach = resolve;
});
process.on('SIGINT', () => {
  if (part === 'deaf') return;
  say('[ Got signal, detaching... ]');
  detach();
});
if (part === 'deaf') process.on('SIGTERM', () => {});

if (part === 'warns') {
  say('Intel PT support not found. magic-trace will continue and use sampling instead.');
  say('Warning: [-callgraph-mode] is defaulting to [Dwarf] which may have high overhead and decoding time.');
  say('Warning: Debug info is unavailable, so filenames and line numbers will not be available in the trace.');
}
say('[ perf record: Woken up 1 times to write data ]');

if (args[0] === 'run') {
  const command = args.slice(args.findIndex((a, i) => i > 0 && !a.startsWith('-') && !args[i - 1].startsWith('-')));
  const { status } = spawnSync(command[0], command.slice(command[1] === '--' ? 2 : 1), { stdio: 'ignore' });
  say(`[ the command ended with ${status} ]`);
  if (part === 'run-long') await Promise.race([detached, after(20_000)]);
  if (trigger !== undefined) writeHits(part === 'never' ? 0 : 1);
  say('[ Snapshot taken. ]');
} else {
  await after(part === 'late' ? 20_000 : 50);
  if (trigger !== undefined)
    say(`[ Attaching to ${trigger === '.' ? 'magic_trace_stop_indicator' : trigger} @ 0x00007f0000001b10 ]`);
  say('[ Attached. Press Ctrl-C to stop recording. ]');
  if (part === 'target-gone' || part === 'dies') {
    await after(50);
    if (part === 'dies') process.exit(3);
  } else if (trigger !== undefined && part !== 'never' && part !== 'deaf') {
    await after(80);
    writeHits(2);
    say('[ Snapshot taken. ]');
    if (part !== 'ends-itself') await Promise.race([detached, after(20_000)]);
  } else {
    await Promise.race([detached, after(20_000)]);
    if (trigger !== undefined) writeHits(0);
    // It says so even if nothing was ever met.
    say('[ Snapshot taken. ]');
  }
}
say('[ Finished recording. ]');
say('[ Decoding, this takes a while... ]');
if (part === 'slow-decode') await after(20_000);
if (part in crashes) {
  say(crashes[part]);
  process.exit(1);
}
if (part === 'start-tick') {
  say('("duration_complete event must have start tick before end tick")');
  process.exit(1);
}
if (part === 'killed') process.kill(process.pid, 'SIGKILL');
if (part === 'overflow') {
  for (let i = 0; i < 3; i++)
    say(`Warning: perf reported an error decoding the trace: 'Overflow packet' @ IP 0x7f${i}`);
}
if (part !== 'no-file') writeTrace();
say(`Visit https://magic-trace.org/ and open ${value('-output')} to view trace.`);
process.exit(0);

/** Newest first, as magic-trace has them. The argument is a market order (kind 1) with number 4711, above 2^53. */
function writeHits(count) {
  const argument = (1n << 56n) | 4711n;
  const name = trigger === '.' ? 'magic_trace_stop_indicator' : trigger;
  const hits = Array.from(
    { length: count },
    (_, i) =>
      `(${name} ((timestamp ${9 - i}s)(passed_timestamp 0s)(passed_val ${argument - BigInt(i)})(tid ${process.pid})(ip 0x7f00)))`,
  );
  writeFileSync(path.join(folder, 'hits.sexp'), part === 'bad-hits' ? '((oops' : `(${hits.join(' ')})`);
}

/** The smallest trace that has a span: header, three strings, a thread, begin and end. */
function writeTrace() {
  const words = [0x0016547846040010n, 0x21n, 1_000_000_000n];
  const text = (index, s) => {
    const bytes = Buffer.alloc(Math.ceil(s.length / 8) * 8);
    bytes.write(s);
    const body = [];
    for (let at = 0; at < bytes.length; at += 8) body.push(bytes.readBigUInt64LE(at));
    words.push(2n | (BigInt(1 + body.length) << 4n) | (BigInt(index) << 16n) | (BigInt(s.length) << 32n), ...body);
  };
  text(1, 'toprung_book::book::Book::apply');
  words.push(3n | (3n << 4n) | (1n << 16n), 1n, 2n);
  const event = (kind, time) => words.push(4n | (2n << 4n) | (kind << 16n) | (1n << 24n) | (1n << 48n), time);
  if (part !== 'empty') {
    event(2n, 10n);
    event(3n, 250n);
  }
  const bytes = Buffer.alloc(words.length * 8);
  for (const [i, word] of words.entries()) bytes.writeBigUInt64LE(word, i * 8);
  writeFileSync(value('-output'), part === 'cut' ? bytes.subarray(0, bytes.length - 4) : bytes);
}
