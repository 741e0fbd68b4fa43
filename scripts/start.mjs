// `npm start`: sets up what is missing, simulates a market for a few seconds, prints what happened, makes a report of it in
// runs/start and, in a terminal, serves the dashboard with the same market until Ctrl-C. Arguments go to `toprung simulate`
// instead of all that: `npm start -- --seed 7 --books 100`.
import path from 'node:path';
import { ensureReady } from './lib/ready.mjs';
import { invocationDir, root, run } from './lib/workspace.mjs';

/** Four markets, enough to take a few seconds and to keep every core of a small machine busy. */
const showcase = ['zi-baseline', '--books', '4', '--events', '25M'];

await ensureReady();
const args = process.argv.slice(2);
const cli = path.join(root, 'packages/cli/bin/toprung.js');
const toprung = (words, options = {}) => run(process.execPath, [cli, ...words], { cwd: invocationDir, ...options });

if (args.length > 0) process.exit(await toprung(['simulate', ...args]));
const kept = path.join(path.relative(invocationDir, root), 'runs/start');
const simulated = await toprung(['simulate', ...showcase, '--out', kept, '--quiet']);
if (simulated !== 0) process.exit(simulated);
// What it prints was just said: the page is what matters.
const reported = await toprung(['report', kept, '--format', 'html'], { stdio: ['inherit', 'ignore', 'inherit'] });
if (reported !== 0) process.exit(reported);
console.error(`\nReport: ${path.join(kept, 'report.html')}, a page for any browser`);
if (process.stdout.isTTY) {
  console.error('The same market, live, until Ctrl-C; `npm run demo` shows a flash crash:');
  process.exit(await toprung(['dashboard', showcase[0]]));
}
console.error(`Live:   npm run toprung -- dashboard ${showcase[0]}   the same market in the browser`);
console.error('        npm run demo   a flash crash');
