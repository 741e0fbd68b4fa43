/** A trigger on p99.9: what do the slowest orders in a thousand have in common? */
// #region trigger
import { type RecordOptions, trace } from 'toprung';

/**
 * Times every order of a run, then runs it again with a trigger on its own 99.9th percentile. The orders that fire are
 * run once more in full detail, so that the trace has their steps, and says whether they are slow every time.
 */
export async function slowOrders(run: RecordOptions, output: string) {
  const { latency } = await trace.record({ ...run, level: 'order', every: 1 });
  const p999 = latency.find(({ kind }) => kind === 'all')!.p999Ns;

  const tracer = trace.arm({ ...run, level: 'order', trigger: { latencyOverNs: p999, hitsMax: 500 }, output });
  const { hits } = await tracer.run();

  const { insights } = await trace.analyze(output);
  const slowAgain = hits.filter(({ replayNs }) => replayNs !== null && replayNs > p999).length;
  return { p999, hits, slowAgain, warnings: insights.filter(({ severity }) => severity === 'warning') };
}
// #endregion trigger
