/** A market maker in TypeScript: quotes both sides of a simulated market and leans against what it holds. */
// #region maker
import { type DecisionBatch, runMarket } from 'toprung';

function quote(batch: DecisionBatch): void {
  for (let i = 0; i < batch.length; i++) {
    const lean = Math.round(batch.position[i]! / 2);
    const mid = (batch.bid[i]! + batch.ask[i]!) / 2;
    batch.cancelAll(i);
    if (batch.position[i]! < 10) batch.post(i, 'buy', Math.floor(mid) - 2 - lean, 1);
    if (batch.position[i]! > -10) batch.post(i, 'sell', Math.ceil(mid) + 2 - lean, 1);
  }
}

export async function marketMaker() {
  const latency = { kind: 'constant', ns: 200_000 } as const;
  const run = await runMarket(
    {
      durationNs: 20e9,
      venues: [{ flow: { model: 'santa-fe', limitRate: 5, marketRate: 50, cancelRate: 0.5, windowTicks: 40 } }],
      agents: [
        { name: 'maker', kind: 'outside', params: { everyNs: 20e6, onFill: 1 }, orders: latency, data: latency },
      ],
    },
    { decide: quote, books: 8 },
  );
  const fills = run.results.map((book) => book.groups[0]!.total.fills);
  const positions = run.results.map((book) => book.groups[0]!.total.position);
  // The decisions are in the log, so the run can be had again without calling `quote`.
  return { fills, positions, digest: run.digest, replayed: run.replay().digest, decisions: run.decisions };
}
// #endregion maker
