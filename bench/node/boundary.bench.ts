/**
 * The boundary: commands in and events out in batches, one by one, and the writing and reading in TypeScript.
 *
 * Compare rows with each other rather than with another machine's. `npm run bench` puts the batch figure beside Rust's.
 */
import { CommandBatch, EventBatch, OrderBook } from 'toprung';
import { bench, describe } from 'vitest';
import { BATCH, load, loadedBook, runVenue, submitAll, venueWorkload } from './workload.mjs';

const options = { time: 2_000, warmupTime: 500 };
const workload = load('balanced', 200_000);

describe(`balanced flow, ${workload.count} commands on a fresh book`, () => {
  // Filling the book, one command in twenty of the whole, is part of a round: ids must not repeat.
  bench('in batches of 4,096', () => void submitAll(workload, loadedBook(workload)), options);

  const forVenue = venueWorkload(workload);
  bench('the same through a venue', () => void runVenue(forVenue), options);
});

describe('one order and its cancel', () => {
  const book = new OrderBook();
  const batch = new CommandBatch({ capacity: 2 });
  const events = new EventBatch({ capacity: 8 });
  let id = 0;
  bench(
    'by the convenience methods (two calls, two events as objects)',
    () => {
      book.limit(++id, 'buy', 100, 1);
      book.cancel(id);
    },
    options,
  );
  bench(
    'as a batch of two (one call, columns)',
    () => {
      batch.clear();
      batch.limit(++id, 'buy', 100, 1);
      batch.cancel(id);
      book.submit(batch, events);
    },
    options,
  );
});

describe(`in TypeScript alone, ${BATCH} at a time`, () => {
  const batch = new CommandBatch({ capacity: BATCH });
  bench(
    'writing commands',
    () => {
      batch.clear();
      for (let i = 0; i < BATCH; i += 1) batch.limit(i, 'buy', 100 + (i & 15), 10);
    },
    options,
  );

  const book = new OrderBook();
  batch.clear();
  for (let i = 0; i < BATCH; i += 1) batch.limit(i, 'buy', 100 + (i & 15), 10);
  const events = book.submit(batch, new EventBatch({ capacity: 2 * BATCH }));
  let sum = 0;
  bench(
    'reading two columns',
    () => {
      const { price, qty } = events;
      for (let i = 0; i < events.length; i += 1) sum += (price[i] as number) * (qty[i] as number);
      if (sum < 0) throw new Error('a sum of positive numbers');
    },
    options,
  );
  bench(
    'reading rows as objects',
    () => {
      for (const event of events.rows()) sum += event.qty;
      if (sum < 0) throw new Error('a sum of positive numbers');
    },
    options,
  );
});
