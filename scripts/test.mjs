// `npm test`: sets up what is missing, then runs every check and every test, Rust and TypeScript, and ends with one line
// that adds them up. `npm test -- --only vitest,tidy` runs some of the steps; `--bail` stops at the first that fails.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { ensureReady } from './lib/ready.mjs';
import { tallyCargo, tallyVitest } from './lib/tally.mjs';
import { firstLine, root, toolPaths } from './lib/workspace.mjs';

const node = process.execPath;
const terminal = process.stdout.isTTY === true;
const temporary = mkdtempSync(path.join(tmpdir(), 'toprung-test-'));
const vitestReport = path.join(temporary, 'vitest.json');
process.on('exit', () => rmSync(temporary, { recursive: true, force: true }));

// Cheap checks first, so that a slip shows before the long runs. A check counts as one test.
const steps = [
  { name: 'tidy', command: [node, 'scripts/tidy.mjs'] },
  { name: 'biome', command: [node, toolPaths.biome, 'check', `--colors=${terminal ? 'force' : 'off'}`, '.'] },
  {
    name: 'types',
    commands: [
      [node, toolPaths.tsc, '-b'],
      ...['toprung/tsconfig.test.json', 'cli/tsconfig.test.json', 'dashboard/tsconfig.json'].map((file) => [
        node,
        toolPaths.tsc,
        '-p',
        `packages/${file}`,
      ]),
    ],
  },
  {
    name: 'rustfmt',
    command: ['cargo', 'fmt', '--all', '--check'],
    needs: ['rustfmt', 'rustup component add rustfmt'],
  },
  {
    name: 'clippy',
    command: ['cargo', 'clippy', '--workspace', '--all-targets', '--locked', '--', '-D', 'warnings'],
    needs: ['cargo-clippy', 'rustup component add clippy'],
  },
  { name: 'cargo', command: ['cargo', 'test', '--workspace', '--locked', '--no-fail-fast'], tally: tallyCargo },
  {
    name: 'vitest',
    command: [
      node,
      toolPaths.vitest,
      'run',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${vitestReport}`,
    ],
    tally: () => tallyVitest(JSON.parse(readFileSync(vitestReport, 'utf8')), root),
    inherit: true,
  },
];

const { values: options } = parseArgs({ options: { only: { type: 'string' }, bail: { type: 'boolean' } } });
const only = options.only?.split(',');
const unknown = only?.filter((name) => !steps.some((step) => step.name === name)) ?? [];
if (unknown.length > 0) {
  console.error(`npm test: no such step: ${unknown.join(', ')}. There are: ${steps.map((s) => s.name).join(', ')}`);
  process.exit(2);
}

await ensureReady();
const results = [];
for (const step of steps) {
  if (only && !only.includes(step.name)) continue;
  console.log(`\n── ${step.name} ${'─'.repeat(Math.max(0, 76 - step.name.length))}`);
  results.push(await runStep(step));
  if (options.bail && results.at(-1).failed > 0) break;
}
process.exit(summarise(results));

async function runStep(step) {
  const began = performance.now();
  if (step.needs && !firstLine(step.needs[0], ['--version'])) {
    const why = `${step.name} (${step.needs[0]} is not installed: ${step.needs[1]})`;
    console.log(`SKIPPED: ${why}`);
    return { name: step.name, seconds: 0, passed: 0, failed: 0, skipped: [why], failures: [] };
  }
  let [code, output] = [0, ''];
  for (const command of step.commands ?? [step.command]) {
    const done = await capture(command, step.inherit === true);
    code ||= done.code;
    output += done.output;
  }
  const seconds = (performance.now() - began) / 1000;
  if (!step.tally) {
    if (code === 0) console.log(`${step.name}: ok`);
    const failures = code === 0 ? [] : [`${step.name} (exit ${code})`];
    return { name: step.name, seconds, passed: code === 0 ? 1 : 0, failed: failures.length, skipped: [], failures };
  }
  const tally = readTally(() => step.tally(output));
  // A runner that fails without naming a test (it did not compile, it crashed) is a failure of its own.
  if (code !== 0 && tally.failed === 0) {
    tally.failed = 1;
    tally.failures.push(`${step.name} (exit ${code})`);
  }
  return { name: step.name, seconds, ...tally };
}

function readTally(read) {
  try {
    return read();
  } catch (error) {
    return { passed: 0, failed: 1, skipped: [], failures: [`no summary to read: ${error.message}`] };
  }
}

/** Runs a command with its output shown, and kept unless it is inherited. */
function capture([command, ...args], inherit) {
  return new Promise((resolve) => {
    const colors = terminal ? { CARGO_TERM_COLOR: 'always' } : { NO_COLOR: '1' };
    const child = spawn(command, args, {
      cwd: root,
      env: { ...process.env, ...colors },
      stdio: inherit ? 'inherit' : ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const keep = (stream) => (chunk) => {
      output += chunk;
      stream.write(chunk);
    };
    child.stdout?.on('data', keep(process.stdout));
    child.stderr?.on('data', keep(process.stderr));
    child.on('error', (error) => {
      console.error(`cannot start ${command}: ${error.message}`);
      resolve({ code: 127, output });
    });
    child.on('close', (code) => resolve({ code: code ?? 1, output }));
  });
}

function summarise(all) {
  const total = { passed: 0, failed: 0, skipped: 0 };
  console.log(`\n── summary ${'─'.repeat(69)}`);
  for (const { name, seconds, passed, failed, skipped } of all) {
    total.passed += passed;
    total.failed += failed;
    total.skipped += skipped.length;
    const time = `${seconds.toFixed(1)} s`.padStart(8);
    console.log(
      `${name.padEnd(8)} ${String(passed).padStart(5)} passed  ${failed} failed  ${skipped.length} skipped ${time}`,
    );
  }
  for (const { name, skipped } of all) for (const what of skipped) console.log(`SKIPPED ${name}: ${what}`);
  for (const { name, failures } of all) for (const what of failures) console.log(`FAILED ${name}: ${what}`);
  console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
  return total.failed === 0 ? 0 : 1;
}
