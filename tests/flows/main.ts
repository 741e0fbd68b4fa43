/**
 * `npm run flows -- DIR [--json]`: runs the order flows of a folder (or one command file) and compares their canonical
 * reports with the hashes in `HASHES.txt`, or their trades with a `.trades.csv`.
 *
 * Exit codes: 0 all that ran agree, 2 usage, 3 the data cannot be read, 4 something differs.
 */
import { runTool } from '../lib/tool.js';
import { flowsIn } from './flow.js';
import { type FlowResult, runFlow } from './runner.js';

runTool('usage: npm run flows -- DIR|FILE.cmds.csv[.zst] [--json]', {}, (target) => {
  const flows = flowsIn(target).map(runFlow);
  const count = (outcome: FlowResult['outcome']): number => flows.filter((flow) => flow.outcome === outcome).length;
  const totals = { passed: count('passed'), failed: count('failed'), skipped: count('skipped') };
  return {
    document: { schema: 'toprung.flows/1', target, totals, flows },
    text: () =>
      [
        ...flows.flatMap(describe),
        `flows: ${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`,
      ].join('\n'),
    differs: totals.failed > 0,
  };
});

function describe(flow: FlowResult): string[] {
  const { name, outcome, commands, trades, sha256, expected, difference, reason } = flow;
  const word = { passed: 'ok     ', failed: 'FAILED ', skipped: 'SKIPPED' }[outcome];
  const lines = [`${word} ${name}  ${commands} commands, ${trades} trades, sha256 ${sha256}`];
  if (reason !== undefined) lines.push(`        ${reason}`);
  if (outcome === 'failed' && expected !== undefined) lines.push(`        expected sha256 ${expected}`);
  if (difference !== undefined) {
    lines.push(`        first difference at line ${difference.line}`);
    lines.push(`          expected ${difference.expected}`, `          got      ${difference.actual}`);
  }
  return lines;
}
