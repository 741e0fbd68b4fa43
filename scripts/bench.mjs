// `npm run bench`: the table of promises, kept in bench/record/. `npm run bench -- criterion [FILTER]` and
// `npm run bench -- vitest` run the detailed benchmarks of one half, `npm run bench -- dashboard` what the page costs; what
// follows is passed on. The table ends with a page about all kept records, bench/report.html; `npm run bench -- report`
// makes that alone.
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
  process.exit(
    await run(process.execPath, [toolPaths.vitest, 'bench', '--run', ...rest], { cwd: path.join(root, 'bench') }),
  );
}
if (['dashboard', 'peers', 'curves'].includes(first)) {
  process.exit(await run(process.execPath, [path.join(root, `bench/node/${first}.mjs`), ...rest]));
}
const [table, report] = ['targets', 'report'].map((name) => path.join(root, `bench/node/${name}.mjs`));
if (first === 'report') process.exit(await run(process.execPath, [report]));
const code = await run(process.execPath, [table, ...process.argv.slice(2)]);
// Under --json stdout is the table's alone.
if (code !== 0 || process.argv.includes('--json')) process.exit(code);
process.exit(await run(process.execPath, [report]));
