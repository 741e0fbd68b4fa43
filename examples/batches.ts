/** The fast way in and out: commands in batches, events in columns, both in memory that is used again and again. */
// #region batches
import { CommandBatch, EVENT_KINDS, EventBatch, OrderBook } from 'toprung';

export function tradedVolume(orders: number): number {
  const book = new OrderBook();
  const commands = new CommandBatch({ capacity: 4096 });
  const events = new EventBatch();
  const trade = EVENT_KINDS.indexOf('trade');
  let volume = 0;

  for (let id = 1; id <= orders; ) {
    commands.clear();
    for (; id <= orders && commands.length < 4096; id++) {
      // Buyers and sellers by turns, all within five ticks of 100.
      commands.limit(id, id % 2 === 0 ? 'buy' : 'sell', 98 + ((id * 7) % 5), 1 + (id % 9));
    }
    book.submit(commands, events);
    for (let i = 0; i < events.length; i++) {
      if (events.kind[i] === trade) volume += events.qty[i]!;
    }
  }
  return volume;
}
// #endregion batches
