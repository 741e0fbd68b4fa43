/** Stops that trigger each other: a small sale sets off a fall. */
// #region cascade
import { Venue } from 'toprung';

export function stopCascade() {
  const venue = new Venue();
  // Bids from 100 down, three lots each, and sellers who want out when the market trades at 100, 99, 98.
  for (let i = 0; i < 6; i++) venue.enter({ type: 'limit', id: i, side: 'buy', price: 100 - i, qty: 3 });
  for (let i = 0; i < 3; i++) {
    venue.enter({ type: 'stop', id: 10 + i, side: 'sell', qty: 4, stopPrice: 100 - i });
  }

  const events = venue.enter({ type: 'market', id: 20, side: 'sell', qty: 1 });
  return {
    triggered: events.flatMap((event) => (event.kind === 'triggered' ? [event.id] : [])),
    prices: events.flatMap((event) => (event.kind === 'trade' ? [event.price] : [])),
    last: venue.lastPrice,
    bids: venue.depth().bids,
  };
}
// #endregion cascade
