/** The last line of `npm test` adds up what the runners said: a test that is missed there would not be missed by anybody. */
import path from 'node:path';
import { expect, test } from 'vitest';
import { repository } from '../lib/shared-data.js';

interface Tally {
  passed: number;
  failed: number;
  skipped: string[];
  failures: string[];
}
interface TallyModule {
  tallyCargo(output: string): Tally;
  tallyVitest(report: unknown, root: string): Tally;
}
const script = path.join(repository, 'scripts/lib/tally.mjs');
const { tallyCargo, tallyVitest } = (await import(/* @vite-ignore */ script)) as TallyModule;

test('cargo’s summary lines are added up, through colours, and names are kept', () => {
  const output = [
    'running 3 tests',
    'test a::works ... \u001b[32mok\u001b[0m',
    'test a::breaks ... FAILED',
    'test a::waits ... ignored',
    'test result: FAILED. 1 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s',
    'SKIPPED: flow_consensus (no data)',
    'test src/lib.rs - (line 6) ... ok',
    '\u001b[32mtest result: ok\u001b[0m. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.1s',
  ].join('\n');
  expect(tallyCargo(output)).toEqual({
    passed: 2,
    failed: 1,
    skipped: ['a::waits', 'flow_consensus (no data)'],
    failures: ['a::breaks'],
  });
});

test('a vitest file that does not load counts as a failure', () => {
  const report = {
    testResults: [
      {
        name: '/r/a.test.ts',
        status: 'passed',
        assertionResults: [
          { title: 'one', status: 'passed' },
          { title: 'two', status: 'pending' },
          { title: 'three', status: 'failed' },
        ],
      },
      { name: '/r/b.test.ts', status: 'failed', assertionResults: [] },
    ],
  };
  expect(tallyVitest(report, '/r')).toEqual({
    passed: 1,
    failed: 2,
    skipped: ['a.test.ts > two'],
    failures: ['a.test.ts > three', 'b.test.ts (did not load)'],
  });
});
