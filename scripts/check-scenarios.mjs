// `npm run scenarios:check [-- NAME…] [--seeds 32] [--record FILE]`: every scenario of the catalogue, or those named, with all
// arms over that many seeds, in a release build. Prints the verdicts and keeps them in bench/record/scenarios.txt if it was
// all of them, or where it is told.
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { root } from './lib/workspace.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seeds: { type: 'string', default: '32' }, record: { type: 'string' } },
});
const folder = path.join(root, 'crates/toprung-sim/scenarios');
const files = readdirSync(folder).map((file) => JSON.parse(readFileSync(path.join(folder, file), 'utf8')).name);
const unknown = positionals.find((name) => !files.includes(name));
if (unknown !== undefined) {
  console.error(`there is no scenario ${unknown}; there are ${files.join(', ')}`);
  process.exit(2);
}
const build = ['build', '--quiet', '--release', '--locked', '-p', 'toprung-sim', '--example', 'scenario'];
if (spawnSync('cargo', build, { cwd: root, stdio: 'inherit' }).status !== 0) process.exit(1);
// A copy: whoever builds meanwhile changes nothing.
const own = mkdtempSync(path.join(os.tmpdir(), 'toprung-scenarios-'));
const program = path.join(own, 'scenario');
copyFileSync(
  path.join(process.env.CARGO_TARGET_DIR ?? path.join(root, 'target'), 'release/examples/scenario'),
  program,
);
process.on('exit', () => rmSync(own, { recursive: true, force: true }));

const git = (...args) => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();
const machine = `${os.cpus()[0]?.model.trim()}, ${os.cpus().length} cores`;
const date = new Date().toISOString().slice(0, 10);
let text = `commit ${git('rev-parse', '--short', 'HEAD')}, ${date}, ${machine}\n`;
text += `$ npm run scenarios:check${[...positionals, `--seeds ${values.seeds}`].map((a) => ` ${a}`).join('')}\n`;
process.stdout.write(text);

const verdicts = { passes: [], FAILS: [] };
for (const name of positionals.length > 0 ? positionals : files) {
  const { status, stdout, stderr } = spawnSync(program, [name, values.seeds], { encoding: 'utf8', maxBuffer: 1 << 26 });
  if (status !== 0) {
    process.stderr.write(stderr);
    process.exit(1);
  }
  process.stdout.write(stdout);
  text += stdout;
  verdicts[stdout.split(/[ :]/)[1]].push(name);
}
const summary = `\n${verdicts.passes.length} pass; ${verdicts.FAILS.length} do not: ${verdicts.FAILS.join(', ') || 'none'}\n`;
process.stdout.write(summary);
const record = values.record ?? (positionals.length === 0 ? path.join(root, 'bench/record/scenarios.txt') : undefined);
if (record !== undefined) {
  writeFileSync(`${record}.new`, text + summary);
  renameSync(`${record}.new`, record);
}
process.exitCode = verdicts.FAILS.length === 0 ? 0 : 1;
