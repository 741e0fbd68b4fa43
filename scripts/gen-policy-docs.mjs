// Writes the generated parts of docs/policies.md and of the pages in docs/policies: tables of presets, and calls of
// `toprung policies` with what they print. `node scripts/gen-policy-docs.mjs` writes, `--check` only says whether they
// are current.
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { regenerate, shown, table, toprung } from './lib/generated.mjs';
import { root } from './lib/workspace.mjs';

const pages = readdirSync(path.join(root, 'docs/policies')).map((name) => `docs/policies/${name}`);
const { policies } = JSON.parse(toprung(['policies', '--json']));

// `presets` is the table of all of them, `presets A B` of some; `policies ARGUMENTS` a call and its output.
regenerate(['docs/policies.md', ...pages.sort()], 'gen-policy-docs.mjs', (what) => {
  const [kind, ...rest] = what.split(' ');
  if (kind === 'policies') return shown([kind, ...rest]);
  if (kind !== 'presets') return undefined;
  const rows = policies
    .filter(({ name }) => rest.length === 0 || rest.includes(name))
    .map(({ name, title, words, usedFor }) => [`\`${name}\``, title, words.join(' → '), usedFor]);
  return table([['preset', 'title', 'steps', 'used for'], ...rows]);
});
