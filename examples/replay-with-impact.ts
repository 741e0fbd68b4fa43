/** A recorded day as background: an order joins the real queue, and the day goes on around it. */
// #region impact
import { loadRecording, runMarket } from 'toprung';

export async function replayWithImpact(file: string) {
  const recording = await loadRecording(file);
  const market = {
    durationNs: recording.durationNs + 1,
    venues: [{}],
    agents: [{ name: 'us', kind: 'resting', params: { side: 1, lots: 3 } }],
  };
  const alone = await runMarket({ ...market, agents: [] }, { recording });
  const withUs = await runMarket(market, { recording });
  return {
    commands: recording.length,
    // Where our order stands when the day is over, if it was not filled.
    queue: withUs.queuePositions(),
    ours: withUs.results[0]!.groups[0]!.total,
    traded: [alone, withUs].map((run) => run.results[0]!.venues[0]!.last.volume),
    reacted: alone.digest !== withUs.digest,
  };
}
// #endregion impact
