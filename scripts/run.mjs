// `npm run toprung|demo|conformance|flows|golden -- …`: sets up what is missing, then runs the command in the folder the
// person typed it in.
import path from 'node:path';
import { ensureReady } from './lib/ready.mjs';
import { invocationDir, root, run } from './lib/workspace.mjs';

const commands = {
  toprung: ['packages/cli/bin/toprung.js'],
  // A market of agents with something to see, in the browser.
  demo: ['packages/cli/bin/toprung.js', 'simulate', 'flash-crash', '--live'],
  conformance: ['tests/dist/conformance/main.js'],
  flows: ['tests/dist/flows/main.js'],
  golden: ['tests/dist/golden/main.js'],
};

const [name, ...args] = process.argv.slice(2);
const command = commands[name];
if (!command) {
  console.error(`usage: node scripts/run.mjs ${Object.keys(commands).join('|')} [arguments]`);
  process.exit(2);
}
const [script, ...words] = command;
await ensureReady();
process.exit(await run(process.execPath, [path.join(root, script), ...words, ...args], { cwd: invocationDir }));
