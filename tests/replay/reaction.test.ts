/** A real day among agents: their orders join the real queues, and what they take is missing afterwards. */
import { loadRecording, runMarket } from 'toprung';
import { describe, expect, test } from 'vitest';
import { hasSharedData, shared } from '../lib/shared-data.js';

const day = () => shared('lobster_raw', 'LOBSTER_SampleFile_GOOG_2012-06-21_10.zip');
const hour = 3_600e9;

describe.skipIf(!hasSharedData('lobster_raw'))('GOOG on 21 June 2012', () => {
  test('an order waits in its queue and moves up in it, and a large one has its impact', async () => {
    const recording = await loadRecording(day());
    const agents = [
      { name: 'rests', kind: 'resting', startNs: hour, params: { side: -1, lots: 50 } },
      { name: 'takes', kind: 'impulse', startNs: hour + 1e9, params: { side: 1, lots: 1000 } },
    ];
    const market = { durationNs: 2 * hour, venues: [{}], sampleNs: 1e8, keepQueues: true };
    const alone = await runMarket(market, { recording });
    const run = await runMarket({ ...market, agents }, { recording });
    const [rests, takes] = run.results[0]!.groups;
    expect(takes!.total.bought).toBe(1000);

    const queue = run.queueHistory();
    expect(queue.length).toBeGreaterThan(0);
    expect(rests!.total.makerLots + (run.queuePositions()[0]?.qty ?? 0)).toBe(50);
    for (const [k, row] of queue.entries()) {
      expect(row).toMatchObject({ agent: 0, order: 0, venue: 0, side: 'sell' });
      if (k > 0) expect(row.lotsAhead).toBeLessThanOrEqual(queue[k - 1]!.lotsAhead);
    }

    const ask = (r: typeof run, timeNs: number) => r.samples()[9 * (timeNs / 1e8) + 3]!;
    expect(ask(run, hour)).toBe(ask(alone, hour));
    expect(ask(run, hour + 1.1e9)).toBeGreaterThan(ask(alone, hour + 1.1e9));
  });

  test('a market maker in TypeScript trades with the day, and its log gives the run again', async () => {
    const recording = await loadRecording(day());
    const maker = {
      name: 'maker',
      kind: 'outside',
      params: { everyNs: 1e9 },
      orders: { kind: 'constant', ns: 1e6 },
    } as const;
    const market = { durationNs: 0.5 * hour, venues: [{}], agents: [maker] };
    const run = await runMarket(market, {
      recording,
      decide: (batch) => {
        batch.cancelAll(0);
        if (batch.bidQty[0] === 0 || batch.askQty[0] === 0) return;
        if (batch.position[0]! < 200) batch.post(0, 'buy', batch.bid[0]!, 10);
        if (batch.position[0]! > -200) batch.post(0, 'sell', batch.ask[0]!, 10);
      },
    });
    const { total } = run.results[0]!.groups[0]!;
    expect(run.decisions).toBe(1801);
    expect(total.makerLots).toBeGreaterThan(100);
    expect(total.position).toBe(total.bought - total.sold);
    expect(run.replay().digest).toBe(run.digest);
  });
});
