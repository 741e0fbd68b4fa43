// `npm run bench -- report`: a page about the kept records, bench/report.html, with the same charts as `toprung report`.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { benchReportOf } from '../../packages/cli/dist/report/bench.js';
import { htmlOf } from '../../packages/cli/dist/report/html.js';

const bench = fileURLToPath(new URL('..', import.meta.url));
const folder = path.join(bench, 'record');
const records = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .sort()
  .map((name) => JSON.parse(readFileSync(path.join(folder, name), 'utf8')))
  .filter(({ schema }) => schema === 'toprung.bench/1');
if (records.length === 0) {
  process.stderr.write('there is no record yet: `npm run bench` makes one\n');
  process.exit(3);
}
const file = path.join(bench, 'report.html');
writeFileSync(file, htmlOf(benchReportOf(records, new Date().toISOString())));
process.stdout.write(`${file}\n`);
