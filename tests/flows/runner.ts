/** Runs order flows through the Node API, in batches, and compares what came out with what is known. */
import { type BookEvent, TestBook } from '../lib/book.js';
import { linesOf, readText } from '../lib/files.js';
import { type Flow, readCommands } from './flow.js';
import { CanonicalReport, type FlowOp } from './report.js';

/** Commands per crossing into the engine: large enough that the crossing costs nothing. */
const batchSize = 4096;

/** What became of a flow. */
export interface FlowResult {
  readonly name: string;
  readonly outcome: 'passed' | 'failed' | 'skipped';
  /** Why it was skipped. */
  readonly reason?: string;
  readonly commands: number;
  readonly trades: number;
  /** SHA-256 of the canonical report. */
  readonly sha256: string;
  /** The SHA-256 that independent engines agree on, where it is known. */
  readonly expected?: string;
  /** The first line that differs, where the expected text is known. */
  readonly difference?: { readonly line: number; readonly expected: string; readonly actual: string };
}

/** Runs one flow on an empty book that loses priority on every modify, as the flows' rules say. */
export function runFlow(flow: Flow): FlowResult {
  const book = new TestBook();
  const report = new CanonicalReport(flow.reports !== undefined);
  const trades: string[] | undefined = flow.trades === undefined ? undefined : [];
  const ops: FlowOp[] = [];
  const take = (event: BookEvent): void => {
    report.add(event, ops[event.seq]!);
    if (event.kind === 'trade') trades?.push(`${event.seq},${event.id},${event.other},${event.price},${event.qty}`);
  };
  for (const command of readCommands(flow.commands)) {
    ops.push(command.op);
    book.add(command);
    if (ops.length % batchSize === 0) book.submitAdded(take);
  }
  book.submitAdded(take);

  const { sha256, lines } = report.end();
  const base = { name: flow.name, commands: ops.length, trades: report.trades, sha256 };
  const difference = firstDifference(flow, sha256, lines, trades);
  const expected = flow.sha256 === undefined ? {} : { expected: flow.sha256 };
  if (flow.sha256 === undefined && trades === undefined) {
    return { ...base, outcome: 'skipped', reason: 'no line in HASHES.txt, no reports and no trades beside it' };
  }
  const agrees = difference === undefined && (flow.sha256 === undefined || flow.sha256 === sha256);
  return {
    ...base,
    ...expected,
    outcome: agrees ? 'passed' : 'failed',
    ...(difference === undefined ? {} : { difference }),
  };
}

function firstDifference(
  flow: Flow,
  sha256: string,
  lines: readonly string[],
  trades: readonly string[] | undefined,
): FlowResult['difference'] {
  if (flow.trades !== undefined && trades !== undefined) {
    // The file's first line names the columns; a sixth column (the price that old engines printed) is not compared.
    const expected = linesOf(readText(flow.trades))
      .slice(1)
      .map((line) => line.split(',').slice(0, 5).join(','));
    const found = compareLines(expected, trades);
    if (found !== undefined) return found;
  }
  if (flow.sha256 === undefined || flow.sha256 === sha256 || flow.reports === undefined) return undefined;
  return compareLines(readText(flow.reports).split('\n'), lines);
}

function compareLines(expected: readonly string[], actual: readonly string[]): FlowResult['difference'] {
  const length = Math.max(expected.length, actual.length);
  for (let line = 0; line < length; line++) {
    if (expected[line] !== actual[line]) {
      return { line: line + 1, expected: expected[line] ?? '(nothing)', actual: actual[line] ?? '(nothing)' };
    }
  }
  return undefined;
}
