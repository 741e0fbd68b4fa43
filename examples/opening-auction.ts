/** An opening auction: orders are collected, the price is found, trading begins. */
// #region auction
import { Venue } from 'toprung';

export function openingAuction() {
  const venue = new Venue({
    phase: 'pre-open',
    reference: 100,
    schedule: [
      { at: 1_000, phase: 'opening-auction' },
      { at: 2_000, phase: 'continuous' },
    ],
  });
  venue.enter({ type: 'limit', id: 1, side: 'buy', price: 102, qty: 10 });
  venue.enter({ type: 'limit', id: 2, side: 'buy', price: 100, qty: 5, timeInForce: 'at-open' });
  venue.enter({ type: 'limit', id: 3, side: 'sell', price: 99, qty: 8 });
  venue.enter({ type: 'market', id: 4, side: 'sell', qty: 4 });

  // What would happen is told while orders are collected.
  venue.advance(1_000);
  const expected = venue.indicative();

  const events = venue.advance(2_000);
  const trades = events.filter((event) => event.kind === 'trade');
  return {
    expected,
    trades: trades.map(({ id, maker, price, qty }) => ({ buyer: id, seller: maker, price, qty })),
    phase: venue.phase,
    left: venue.queue('buy'),
  };
}
// #endregion auction
