// `npm run format`: rustfmt and biome, writing.
import { ensureReady } from './lib/ready.mjs';
import { root, run, toolPaths } from './lib/workspace.mjs';

await ensureReady();
const rust = await run('cargo', ['fmt', '--all']);
const ts = await run(process.execPath, [toolPaths.biome, 'check', '--write', root]);
process.exit(rust || ts);
