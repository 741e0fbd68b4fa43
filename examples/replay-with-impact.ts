/** A recorded day as background: an order joins the real queue, another takes from it, and the day goes on around them. */
// #region impact
import { loadRecording, type MarketConfigInput, runMarket } from 'toprung';

export async function replayWithImpact(file: string, { startNs = 0, restLots = 3, takeLots = 4 } = {}) {
  const recording = await loadRecording(file);
  const market = {
    durationNs: recording.durationNs + 1,
    venues: [{ book: { replacePriority: 'lose-always' } }],
    agents: [
      { name: 'rests', kind: 'resting', startNs, params: { side: -1, lots: restLots } },
      { name: 'takes', kind: 'impulse', startNs: startNs + 1, params: { side: 1, lots: takeLots } },
    ],
    sampleNs: Math.max(100, Math.floor(recording.durationNs / 10_000)),
    keepQueues: true,
  } satisfies MarketConfigInput;
  const alone = await runMarket({ ...market, agents: [] }, { recording });
  const withUs = await runMarket(market, { recording });

  // Samples are rows of nine numbers: time, bid, its lots, ask, ... Where the two runs differ is the impact.
  const [without, with_] = [alone.samples(), withUs.samples()];
  const impact = [];
  for (let at = 0; at < with_.length; at += 9) {
    const ticks = (with_[at + 1]! + with_[at + 3]! - without[at + 1]! - without[at + 3]!) / 2;
    impact.push({ timeNs: with_[at]!, ticks });
  }
  return {
    commands: recording.length,
    impact,
    // Where our resting order stood in its queue, from its entry until it was filled.
    queue: withUs.queueHistory(),
    rests: withUs.results[0]!.groups[0]!.total,
    takes: withUs.results[0]!.groups[1]!.total,
    traded: [alone, withUs].map((run) => run.results[0]!.venues[0]!.last.volume),
  };
}
// #endregion impact
