// Writes the generated parts of docs/policies.md: the table of presets and the worked example, from the library and the
// command as they are. `node scripts/gen-policy-docs.mjs` writes, `--check` only says whether they are current (exit 1).
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { root } from './lib/workspace.mjs';

const file = path.join(root, 'docs/policies.md');
const old = readFileSync(file, 'utf8');

const example = ['--book', '10T,5,20,50,75', '--aggressor', '60'];
const parts = {
  presets: presetTable(),
  example: shown(['policies', ...example]),
  steps: shown(['policies', ...example, '--policy', 'cme.K', '--steps']),
};

let text = old;
for (const [name, content] of Object.entries(parts)) {
  const region = new RegExp(`(<!-- generated: ${name} -->\n)[\\s\\S]*?(<!-- end -->)`);
  if (!region.test(text)) throw new Error(`docs/policies.md has no region "${name}"`);
  text = text.replace(region, (_, begin, end) => `${begin}\n${content}\n\n${end}`);
}

if (text === old) {
  console.error('docs/policies.md is current');
} else if (process.argv.includes('--check')) {
  console.error('docs/policies.md is out of date: node scripts/gen-policy-docs.mjs');
  process.exit(1);
} else {
  writeFileSync(file, text);
  console.error('docs/policies.md written');
}

function toprung(args) {
  const script = path.join(root, 'packages/cli/bin/toprung.js');
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`toprung ${args.join(' ')} ended with ${status}: ${stderr}`);
  return stdout;
}

/** A call and its output. */
function shown(args) {
  return `\`\`\`text\n$ toprung ${args.join(' ')}\n${toprung([...args, '--quiet', '--no-color']).trimEnd()}\n\`\`\``;
}

function presetTable() {
  const { policies } = JSON.parse(toprung(['policies', '--json']));
  const rows = policies.map(
    ({ name, title, words, usedFor }) => `| \`${name}\` | ${title} | ${words.join(' → ')} | ${usedFor} |`,
  );
  return ['| preset | title | steps | used for |', '|---|---|---|---|', ...rows].join('\n');
}
