/** Order flows give the report that independent engines agree on, byte for byte, and real feeds their trades. */
import { describe, expect, test } from 'vitest';
import { fixture, hasSharedData, shared } from '../lib/shared-data.js';
import { flowsIn } from './flow.js';
import { runFlow } from './runner.js';

describe('a flow whose report was written by hand', () => {
  test.each(flowsIn(fixture('flows')))('$name', (flow) => {
    const { outcome, difference, commands, trades } = runFlow(flow);
    expect({ outcome, difference, commands, trades }).toEqual({
      outcome: 'passed',
      difference: undefined,
      commands: 13,
      trades: 2,
    });
  });

  test('a report that differs names the first line that does', () => {
    const [flow] = flowsIn(fixture('flows'));
    const { outcome, difference } = runFlow({ ...flow!, sha256: '0'.repeat(64), reports: fixture('flows/HASHES.txt') });
    expect(outcome).toBe('failed');
    expect(difference).toMatchObject({ line: 1, actual: '0,0,1,10,101,5' });
  });

  test('a flow about which nothing is known is skipped, by name', () => {
    const { sha256: _, reports: __, ...unknown } = flowsIn(fixture('flows'))[0]!;
    expect(runFlow(unknown)).toMatchObject({ name: 'by_hand', outcome: 'skipped' });
  });
});

describe('the flows on which independent engines agree', () => {
  if (!hasSharedData('flow_consensus')) {
    test.skip('all of them (no shared data)', () => {});
    return;
  }
  test.each(flowsIn(shared('flow_consensus')))('$name', (flow) => {
    const { outcome, difference, sha256 } = runFlow(flow);
    expect({ outcome, difference, sha256 }).toEqual({ outcome: 'passed', difference: undefined, sha256: flow.sha256 });
  });
});
