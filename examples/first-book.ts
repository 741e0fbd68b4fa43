/** A book in twenty lines: rest two orders, trade with them, look at what happened and at what is left. */
// #region book
import { OrderBook } from 'toprung';

export function firstBook() {
  const book = new OrderBook();
  // id, side, price in ticks, quantity in lots.
  book.limit(1, 'sell', 10_050, 30);
  book.limit(2, 'sell', 10_049, 10);

  const events = book.limit(3, 'buy', 10_050, 25);
  const trades = events.filter((event) => event.kind === 'trade');

  return {
    trades: trades.map(({ maker, price, qty }) => ({ maker, price, qty })),
    best: book.best('sell'),
    queue: book.queue('sell'),
  };
}
// #endregion book
