// `npm start`: sets up what is missing, simulates a market for a few seconds, prints what happened and makes a report of it
// in runs/start. Arguments go to `toprung simulate` instead of all that: `npm start -- --seed 7 --books 100`.
import path from 'node:path';
import { ensureReady } from './lib/ready.mjs';
import { invocationDir, root, run } from './lib/workspace.mjs';

/** Four markets, enough to take a few seconds and to keep every core of a small machine busy. */
const showcase = ['zi-baseline', '--books', '4', '--events', '25M'];

await ensureReady();
const args = process.argv.slice(2);
const toprung = (...words) =>
  run(process.execPath, [path.join(root, 'packages/cli/bin/toprung.js'), ...words], { cwd: invocationDir });
if (args.length > 0) process.exit(await toprung('simulate', ...args));
const kept = path.join(path.relative(invocationDir, root), 'runs/start');
const code = await toprung('simulate', ...showcase, '--out', kept, '--quiet');
if (code !== 0) process.exit(code);
process.exit(await toprung('report', kept, '--format', 'html'));
