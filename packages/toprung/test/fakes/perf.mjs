// A stand-in for perf that plays one of its parts, named by FAKE_PERF: `--version`, `record` with its control channel, and
// `script`. It samples nothing.
import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { Socket } from 'node:net';

const part = process.env.FAKE_PERF ?? 'ok';
const args = process.argv.slice(2);
const say = (line) => process.stderr.write(`${line}\n`);
const value = (flag) => args[args.indexOf(flag) + 1];

if (args[0] === '--version') {
  process.stdout.write(
    part === 'wrapper'
      ? 'WARNING: perf not found for kernel 6.8.0-40\n\n  You may need to install the following packages\n'
      : `perf version ${process.env.FAKE_PERF_VERSION ?? '6.1.187'}\n`,
  );
} else if (args[0] === 'record') {
  record();
} else if (args[0] === 'script') {
  script();
} else {
  say(`perf: '${args[0]}' is not a perf-command. See 'perf --help'.`);
  process.exit(1);
}

function record() {
  const failures = {
    denied: `Error:\nAccess to performance monitoring and observability operations is limited.\nConsider adjusting /proc/sys/kernel/perf_event_paranoid setting`,
    gone: "Couldn't create thread/CPU maps: No such process",
    odd: 'perf: Segmentation fault',
  };
  if (part in failures) {
    say(failures[part]);
    process.exit(255);
  }
  const finish = () => {
    if (part !== 'no-data') writeFileSync(value('-o'), 'PERFILE2 of a fake');
    say('[ perf record: Woken up 1 times to write data ]');
    say(`[ perf record: Captured and wrote 0.001 MB ${value('-o')} (3 samples) ]`);
  };
  const command = args.includes('--') ? args.slice(args.indexOf('--') + 1) : undefined;
  if (command !== undefined) {
    const { error } = spawnSync(command[0], command.slice(1), { stdio: 'ignore' });
    if (error !== undefined) {
      say(`Workload failed: No such file or directory`);
      process.exit(255);
    }
    finish();
    return;
  }
  const alive = setInterval(() => {}, 1000);
  let signals = 0;
  process.on('SIGINT', () => {
    signals += 1;
    if (part === 'deaf' || (part === 'slow-to-stop' && signals < 2)) return;
    clearInterval(alive);
    finish();
    // As perf does: it ends by the signal that stopped it.
    process.exit(130);
  });
  if (part === 'deaf') process.on('SIGTERM', () => {});
  if (!args.some((a) => a.startsWith('--control='))) return;
  const commands = new Socket({ fd: 3 });
  const answers = new Socket({ fd: 4 });
  commands.on('data', (bytes) => {
    if (part !== 'mute' && bytes.toString().includes('enable')) answers.write('ack\n\0');
    if (part === 'target-gone') {
      setTimeout(() => {
        finish();
        process.exit(0);
      }, 60);
    }
  });
}

function script() {
  if (!existsSync(value('-i')) || part === 'script-fails') {
    say('incompatible file format (rerun with -v to learn more)');
    process.exit(1);
  }
  if (part === 'no-samples') return;
  if (part === 'script-hangs') {
    setInterval(() => {}, 1000);
    return;
  }
  const sample = (time, top) =>
    `77/77 ${time}:          1 cpu-clock:u: \n\t    7f00 ${top}+0x10 (/x/toprung.node)\n\t    4008 main+0x87 (/x/driver)\n\n`;
  process.stdout.write(sample('10.000000001', 'toprung_book::book::Book::apply'));
  process.stdout.write(sample('10.000500001', 'malloc'));
  process.stdout.write(sample('10.001000001', 'toprung_book::book::Book::apply'));
}
