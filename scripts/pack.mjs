// `npm run pack`: stages the addon into its platform package and packs every published package into release/*.tgz.
// `npm install release/*.tgz` in any folder then gives the library and the command, without cargo.
// `--out DIR` packs elsewhere; `--all` insists on the addons of all platforms (the release workflow brings them).
//
// Packing is pnpm's: it writes exact versions for `workspace:` and `catalog:` and lifts `publishConfig`; npm does not.
import { copyFileSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { ensureReady } from './lib/ready.mjs';
import { invocationDir, pnpm, root } from './lib/workspace.mjs';

const { values: options } = parseArgs({ options: { out: { type: 'string' }, all: { type: 'boolean' } } });
const library = path.join(root, 'packages/toprung');
const release = path.resolve(invocationDir, options.out ?? path.join(root, 'release'));

await ensureReady();
const platforms = stageAddons();
if (options.out === undefined) rmSync(release, { recursive: true, force: true });
mkdirSync(release, { recursive: true });
for (const member of [
  ...platforms.map((triple) => `packages/toprung/npm/${triple}`),
  'packages/toprung',
  'packages/cli',
]) {
  const code = await pnpm(['pack', '--pack-destination', release], {
    cwd: path.join(root, member),
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (code !== 0) fail(`pnpm pack failed in ${member} (exit ${code})`);
}
for (const name of readdirSync(release).filter((file) => file.endsWith('.tgz'))) {
  const tarball = path.join(release, name);
  console.log(`${path.relative(root, tarball)}  ${(statSync(tarball).size / 1024).toFixed(0)} KiB`);
}
console.log('Install them anywhere: npm install release/*.tgz   (then: npx toprung --help)');

/** Copies every addon in native/ into its platform package; gives the platforms' triples. */
function stageAddons() {
  const known = readdirSync(path.join(library, 'npm'));
  const addons = readdirSync(path.join(library, 'native')).filter((name) => name.endsWith('.node'));
  const triples = addons.map((name) => name.split('.').at(-2));
  const missing = options.all ? known.filter((triple) => !triples.includes(triple)) : [];
  if (missing.length > 0) fail(`no addon for ${missing.join(', ')}`);
  const staged = triples.filter((triple) => known.includes(triple));
  if (staged.length === 0)
    fail(`no platform package for ${addons.join(', ') || 'any addon'} under packages/toprung/npm`);
  for (const triple of staged) {
    const name = addons[triples.indexOf(triple)];
    copyFileSync(path.join(library, 'native', name), path.join(library, 'npm', triple, name));
  }
  return staged;
}

function fail(message) {
  console.error(`pack: ${message}`);
  process.exit(1);
}
