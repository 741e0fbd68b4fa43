/** The same orders under two matching policies: first come, first served, or a share for everybody. */
// #region policies
import { type BookConfigInput, OrderBook } from 'toprung';

/** Three orders rest at one price; a seller of 50 lots comes. Who gets how much? */
export function whoTrades(policy: NonNullable<BookConfigInput['policy']>): Record<number, number> {
  const book = new OrderBook({ policy });
  book.limit(1, 'buy', 100, 20);
  book.limit(2, 'buy', 100, 60);
  book.limit(3, 'buy', 100, 120);

  const filled: Record<number, number> = {};
  for (const event of book.market(4, 'sell', 50)) {
    if (event.kind === 'trade') filled[event.maker] = (filled[event.maker] ?? 0) + event.qty;
  }
  return filled;
}

export const fifo = () => whoTrades({ kind: 'fifo' });
export const proRata = () => whoTrades({ kind: 'pro-rata', minLot: 2 });
// #endregion policies
