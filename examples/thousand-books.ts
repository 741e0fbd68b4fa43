/** A thousand markets on every core: the same result for any number of threads, and each book by itself. */
// #region simulate
import { type SimulationProgress, scenarios, simulate } from 'toprung';

export async function thousandBooks(onProgress?: (progress: SimulationProgress) => void) {
  const { config } = scenarios.get('zi-many-books');
  const result = await simulate(
    { ...config, books: 1000, horizon: { events: 2_000 }, warmupEvents: 1_000 },
    { onProgress },
  );

  const spreads = [...result.books()].map((book) => book.metrics.meanSpreadTicks);
  return {
    digest: result.digest,
    trades: result.metrics.trades,
    meanSpread: result.metrics.meanSpreadTicks,
    widest: Math.max(...spreads),
    narrowest: Math.min(...spreads),
  };
}
// #endregion simulate
