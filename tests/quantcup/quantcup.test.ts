/** The QuantCup feed, a recorded day of one market, gives every one of its trades: same orders, price and quantity. */
import { describe, expect, test } from 'vitest';
import { flowsIn } from '../flows/flow.js';
import { runFlow } from '../flows/runner.js';
import { fixture, hasSharedData, shared } from '../lib/shared-data.js';

test('cancels of orders that are gone are ignored, and trades happen at the resting price', () => {
  const [feed] = flowsIn(fixture('quantcup'));
  expect(runFlow(feed!)).toMatchObject({ outcome: 'passed', commands: 7, trades: 2 });
});

const present = hasSharedData('quantcup_feed');
describe.skipIf(!present)('the QuantCup feed', () => {
  test('all 16,887 trades', () => {
    const [feed] = flowsIn(shared('quantcup_feed'));
    expect(runFlow(feed!)).toMatchObject({ outcome: 'passed', trades: 16_887 });
  });
});
