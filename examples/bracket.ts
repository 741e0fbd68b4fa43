/** A bracket: an entry, a profit to take and a loss to stop; whichever comes first ends the other. */
// #region bracket
import { Venue } from 'toprung';

export function bracket() {
  const venue = new Venue();
  venue.bracket({
    entry: { type: 'limit', id: 1, side: 'buy', price: 100, qty: 10 },
    takeProfit: { id: 2, price: 110 },
    stopLoss: { id: 3, stopPrice: 95 },
  });
  const waiting = venue.held().map(({ id }) => id);

  // Somebody sells to the entry; then somebody buys at the profit's price.
  venue.enter({ type: 'limit', id: 4, side: 'sell', price: 100, qty: 10 });
  const exits = { profit: venue.order(2), loss: venue.held() };
  const events = venue.enter({ type: 'limit', id: 5, side: 'buy', price: 110, qty: 10 });

  return { waiting, exits, last: events.at(-1), orders: venue.orderCount };
}
// #endregion bracket
