// `npm run toprung|conformance|flows|golden -- …`: sets up what is missing, then runs the command in the folder the
// person typed it in.
import path from 'node:path';
import { ensureReady } from './lib/ready.mjs';
import { invocationDir, root, run } from './lib/workspace.mjs';

const commands = {
  toprung: 'packages/cli/bin/toprung.js',
  conformance: 'tests/dist/conformance/main.js',
  flows: 'tests/dist/flows/main.js',
  golden: 'tests/dist/golden/main.js',
};

const [name, ...args] = process.argv.slice(2);
const script = commands[name];
if (!script) {
  console.error(`usage: node scripts/run.mjs ${Object.keys(commands).join('|')} [arguments]`);
  process.exit(2);
}
await ensureReady();
process.exit(await run(process.execPath, [path.join(root, script), ...args], { cwd: invocationDir }));
