// Generated parts of Markdown pages: what stands between `<!-- generated: WHAT -->` and `<!-- end -->` comes from the
// library and the command as they are.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { root } from './workspace.mjs';

/**
 * Fills the generated parts of pages and writes those that changed; with `--check` on the command line only says so
 * (exit 1).
 *
 * @param {string[]} files - relative to the repository
 * @param {string} script - what a reader should run
 * @param {(what: string, page: string, at: number) => string | undefined} render - the content of a part, `undefined` if it is
 *   not one of its parts; `page` is the whole page, `at` where the part begins
 */
export function regenerate(files, script, render) {
  let stale = 0;
  for (const name of files) {
    const file = path.join(root, name);
    const old = readFileSync(file, 'utf8');
    const text = old.replace(/(<!-- generated: (.+) -->\n)[\s\S]*?(<!-- end -->)/g, (_, begin, what, end, at) => {
      const content = render(what, old, at);
      if (content === undefined) throw new Error(`${name}: nothing is known that is called "${what}"`);
      return `${begin}\n${content}\n\n${end}`;
    });
    if (text === old) continue;
    stale += 1;
    if (process.argv.includes('--check')) console.error(`${name} is out of date: node scripts/${script}`);
    else writeFileSync(file, text);
  }
  if (stale === 0) console.error(`${files.length} pages are current`);
  else if (process.argv.includes('--check')) process.exit(1);
  else console.error(`${stale} of ${files.length} pages written`);
}

/** What the command prints. */
export function toprung(args) {
  const script = path.join(root, 'packages/cli/bin/toprung.js');
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`toprung ${args.join(' ')} ended with ${status}: ${stderr}`);
  return stdout;
}

/** A call and its output. */
export function shown(args) {
  return `\`\`\`text\n$ toprung ${args.join(' ')}\n${toprung([...args, '--quiet', '--no-color']).trimEnd()}\n\`\`\``;
}

/** A Markdown table of rows, the first of which is the head. */
export function table([head, ...rows]) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n');
}
