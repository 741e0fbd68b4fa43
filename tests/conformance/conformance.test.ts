/** Every supported conformance case gives exactly what it expects, through the Node API. */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { fixture, hasSharedData, repository, shared } from '../lib/shared-data.js';
import { caseFiles, readCases } from './case.js';
import { render, summarise } from './report.js';
import { type CaseResult, runCase } from './runner.js';

suitesOf('the project’s own cases', fixture('conformance'));
// Those of the Rust runner, which has to read a case as this one does.
suitesOf('the book’s own cases', path.join(repository, 'crates/toprung-book/tests/fixtures/own.jsonl'));
if (hasSharedData('conformance')) suitesOf('the shared suites', shared('conformance'));
else test.skip('the shared suites (no shared data)', () => {});

function suitesOf(title: string, folder: string): void {
  describe(title, () => {
    for (const file of caseFiles(folder)) {
      describe(path.basename(file), () => {
        for (const testCase of readCases(file)) {
          const result = runCase(testCase);
          // A skipped case is a skipped test, with the reason in its name.
          if (result.outcome === 'skipped') test.skip(`${testCase.id} (needs ${result.reason})`, () => {});
          else test(testCase.id, () => expect(explain(result)).toBe(''));
        }
      });
    }
  });
}

function explain(result: CaseResult): string {
  return result.outcome === 'passed' ? '' : render(summarise(result.source, [result]));
}

test('the own cases cover every expectation key that the runner knows', () => {
  const folder = fixture('conformance');
  const keys = new Set(
    readdirSync(folder)
      .flatMap((file) => readCases(path.join(folder, file)))
      .flatMap(({ steps }) => steps.flatMap(({ expect: expected = {} }) => Object.keys(expected))),
  );
  const known = ['status', 'trades', 'fills', 'allocations', 'cancelled', 'triggered', 'bids', 'asks', 'bidQueue'];
  expect([...keys]).toEqual(expect.arrayContaining([...known, 'askQueue', 'stops', 'visible', 'levels', 'removed']));
});
