/** A market written as Parquet while it runs, and read back: how much was traded, and at which price on average. */
// #region read
import { tableFromIPC } from 'apache-arrow';
import { readTable, simulate } from 'toprung';

export async function readTrades(folder: string): Promise<{ trades: number; lots: number; meanTicks: number }> {
  await simulate({ books: 4, horizon: { events: 20_000 } }, { record: { folder, tables: ['trades'] } });
  let [trades, lots, notional] = [0, 0, 0];
  for await (const bytes of readTable(folder, 'trades')) {
    // Looks at the memory that Rust filled; nothing is copied.
    const batch = tableFromIPC(bytes);
    const price = batch.getChild('price_ticks')!;
    const qty = batch.getChild('qty_lots')!;
    for (let i = 0; i < batch.numRows; i++) {
      lots += Number(qty.get(i));
      notional += Number(price.get(i)) * Number(qty.get(i));
    }
    trades += batch.numRows;
  }
  return { trades, lots, meanTicks: notional / lots };
}
// #endregion read
