// `npm start`: sets up what is missing, then simulates a market for a few seconds and prints what happened. Arguments go
// to `toprung simulate` instead of the ones here: `npm start -- --seed 7 --books 100`.
import path from 'node:path';
import { ensureReady } from './lib/ready.mjs';
import { invocationDir, root, run } from './lib/workspace.mjs';

/** Four markets, enough to take a few seconds and to keep every core of a small machine busy. */
const showcase = ['zi-baseline', '--books', '4', '--events', '25M'];

await ensureReady();
const args = process.argv.slice(2);
const cli = path.join(root, 'packages/cli/bin/toprung.js');
process.exit(
  await run(process.execPath, [cli, 'simulate', ...(args.length > 0 ? args : showcase)], { cwd: invocationDir }),
);
