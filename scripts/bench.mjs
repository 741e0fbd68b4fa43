// `npm run bench`: the table of promises, engines of others beside ours and what speed depends on, kept in bench/record/,
// and a page about all that is kept, bench/report.html. `npm run bench -- NAME [OPTION…]` runs one part: `table`, `peers`,
// `curves`, `report`; `against COMMIT` for the book of another commit beside this one, `criterion [FILTER]` and `vitest` for
// the detailed benchmarks of one half, `dashboard` for what the page costs, `market` for a decision in TypeScript.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { ensureReady } from './lib/ready.mjs';
import { root, run, toolPaths } from './lib/workspace.mjs';

const [first, ...rest] = process.argv.slice(2);
await ensureReady();
if (first === 'criterion') {
  const filter = rest.length > 0 ? ['--', ...rest] : [];
  process.exit(await run('cargo', ['bench', '--locked', '-p', 'toprung-bench', '--bench', 'book', ...filter]));
}
if (first === 'vitest') {
  // Where the report looks, and git does not.
  const results = '--outputJson=record/local/vitest.json';
  process.exit(
    await run(process.execPath, [toolPaths.vitest, 'bench', '--run', results, ...rest], {
      cwd: path.join(root, 'bench'),
    }),
  );
}

const program = (name) => path.join(root, `bench/node/${name}.mjs`);
const page = () => {
  const target = path.resolve(root, process.env.CARGO_TARGET_DIR ?? 'target');
  const folders = [path.join(root, 'bench/record'), path.join(target, 'criterion')].filter((folder) =>
    existsSync(folder),
  );
  const toprung = path.join(root, 'packages/cli/bin/toprung.js');
  return run(process.execPath, [toprung, 'bench', ...folders, '--out', path.join(root, 'bench'), '--format', 'html']);
};
const parts = {
  table: 'targets',
  against: 'against',
  peers: 'peers',
  curves: 'curves',
  dashboard: 'dashboard',
  market: 'market',
};
if (first === 'report') process.exit(await page());
if (first in parts) process.exit(await run(process.execPath, [program(parts[first]), ...rest]));
if (first !== undefined && !first.startsWith('-')) {
  const names = [...Object.keys(parts), 'criterion', 'vitest', 'report'].join(', ');
  process.stderr.write(`npm run bench: there is no part ${first}; there are ${names}\n`);
  process.exit(2);
}
for (const name of ['targets', 'peers', 'curves']) {
  const code = await run(process.execPath, [program(name), ...(name === 'targets' ? process.argv.slice(2) : [])]);
  // Under --json stdout is the table's alone.
  if (code !== 0 || process.argv.includes('--json')) process.exit(code);
}
process.exit(await page());
