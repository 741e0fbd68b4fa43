/**
 * `npm run conformance -- DIR [--json] [--case TEXT]`: runs every case of a folder (or one file) of conformance cases.
 *
 * Exit codes: 0 all that ran passed, 2 usage, 3 the data cannot be read, 4 something differs.
 */
import { runTool } from '../lib/tool.js';
import { caseFiles, readCases } from './case.js';
import { render, summarise } from './report.js';
import { runCase } from './runner.js';

const usage = 'usage: npm run conformance -- DIR|FILE.jsonl [--json] [--case TEXT in the case id]';

runTool(usage, { case: { type: 'string' } }, (target, { case: wanted }) => {
  const cases = caseFiles(target)
    .flatMap(readCases)
    .filter(({ id }) => typeof wanted !== 'string' || id.includes(wanted));
  const report = summarise(target, cases.map(runCase));
  return { document: report, text: () => render(report), differs: report.totals.failed > 0 };
});
